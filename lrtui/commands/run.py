"""`lrtui run`: the worker and the events of the app, with a progress line for the screen."""

import signal
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.analysis.answer import ANY_PLAN, Plan
from lrtui.catalog.trust import Item, remembered, unagreed
from lrtui.commands.answer import has_answer, summary
from lrtui.commands.progress import Progress
from lrtui.commands.streams import (
    ANSWER,
    NO_ANSWER,
    NOT_SAVED,
    USAGE,
    USER_FAILED,
    note,
    put,
    put_json,
    say,
)
from lrtui.events import Ended, Event, Notice, Saving, Started, Step, Suggested
from lrtui.launch.driver import Driver
from lrtui.launch.ranks import start_problem
from lrtui.launch.session import Session
from lrtui.protocol import Confirm, Stability
from lrtui.ranks.placement import placement_of
from lrtui.record import RecordError, RunRecord, from_events, to_json
from lrtui.report import failure as failed
from lrtui.runs.control import owner_of
from lrtui.runs.store import save
from lrtui.shell import signals, streams
from lrtui.spec import RunSpec

_POLL_SECONDS = 0.05
_JOIN_SECONDS = 5


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured after the curve. There is a race if it has a budget."""

    iterations: int | None = None
    seconds: float | None = None
    stability: bool = False


NO_CHECKS = Checks()


def run_headless(
    spec: RunSpec,
    *,
    agreed: Collection[str] = (),
    checks: Checks = NO_CHECKS,
    as_json: bool = False,
    output: Path | None = None,
    overwrite: bool = False,
    stop_on_hangup: bool = False,
    detach: bool = False,
) -> int:
    """Run a spec and its checks; returns the exit code.

    What is not agreed to, by `agreed` or by what is remembered, is not run.

    The first signal that would end this process stops the run, and what it has measured is kept:
    SIGINT, SIGTERM, also SIGUSR1, which Slurm sends before the time is up. On a SIGHUP the run goes
    on in its worker, without this process, unless `stop_on_hangup`.

    With `detach` it goes on so as soon as its first step is measured.
    """
    missing = unagreed(spec, {*remembered(), *agreed})
    if missing:
        return say(_not_agreed(missing), USAGE)
    if detach and spec.devices.nproc and checks != NO_CHECKS:
        return say("--detach measures no race and no stability limit on several processes", USAGE)
    problem = start_problem(spec)
    if problem:
        return say(problem, USAGE)
    session = Session()
    session.agreed.update(agreed)
    driver = session.driver(spec)
    progress = Progress()
    left = False
    try:
        with signals.collected() as received:
            hang_up = partial(session.hang_up, stop=stop_on_hangup)
            follower = Follower(driver, progress, received, hang_up)
            driver.run(spec)
            if detach:
                follower.follow(until=_is_measuring)
                left = not received and driver.detach(_commands(checks, _plan(driver.events)))
            if not left:
                follower.follow()
            if not received and not left:
                _measure_checks(driver, checks, follower)
        events = list(driver.events)
    finally:
        session.close()  # first, so that no spare worker is started for a next run
        driver.close()
        driver.join(_JOIN_SECONDS)
        if signal.SIGHUP not in received:
            progress.close()
    if left:
        return _tell_left(events)
    if signal.SIGHUP in received and not stop_on_hangup:
        return 128 + received[0]
    for event in driver.events[len(events) :]:
        if isinstance(event, Notice):  # what could not be ended
            note(event.text)
    if not placement_of(spec.devices).has_first:
        return _helped(events)
    code = report(events, as_json=as_json, output=output, overwrite=overwrite)
    if code == USER_FAILED and session.refused:
        code = say(_not_agreed(list(session.refused.values())), USAGE)
    if received:
        return 128 + received[0]
    return code


class Follower:
    """Shows a driver's events as they come, and stops the driver when a signal was received."""

    def __init__(
        self,
        driver: Driver,
        progress: Progress,
        received: Sequence[int],
        hang_up: Callable[[], None],
    ) -> None:
        self._driver = driver
        self._hang_up = hang_up
        self._progress = progress
        self._received = received
        self._read = 0
        self.stopped = False

    def follow(self, until: Callable[[Sequence[Event]], bool] = lambda _: False) -> None:
        """Return when the driver is idle and all of its events are shown, or what is waited for."""
        driver = self._driver
        while driver.busy or self._read < len(driver.events):
            if until(driver.events):
                return
            if self._received and not self.stopped:
                self.stopped = True
                self._stop()
            for event in driver.events[self._read :]:
                if signal.SIGHUP not in self._received:
                    self._progress.show(event)
                self._read += 1
            if driver.busy:
                time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        if signal.SIGHUP in self._received:
            self._hang_up()
        else:
            self._driver.stop()


def _measure_checks(driver: Driver, checks: Checks, follower: Follower) -> None:
    """The race, where there is an answer to race, then the stability limit."""
    if not _has_run(driver.events):
        return
    if checks.iterations or checks.seconds:
        if _has_suggestion(driver.events):
            plan = _plan(driver.events)
            driver.confirm(
                iterations=checks.iterations,
                seconds=checks.seconds,
                schedule=plan.schedule,
                steps=plan.steps,
                warmup=plan.warmup,
            )
            follower.follow()
        else:
            note("no race: there is no learning rate to confirm")
    if checks.stability and not follower.stopped:
        driver.stability()
        follower.follow()


def _helped(events: Sequence[Event]) -> int:
    """The exit code on a machine that only helps: rank 0 is on another, which keeps the record."""
    end = next(event for event in reversed(events) if isinstance(event, Ended))
    return say(end.reason, USER_FAILED if end.status == "failed" else ANSWER)


def _has_run(events: Sequence[Event]) -> bool:
    """Whether the test came to its own end, and was not stopped, from here or from elsewhere."""
    return any(
        isinstance(event, Ended) and event.status in ("completed", "diverged") for event in events
    )


def _is_measuring(events: Sequence[Event]) -> bool:
    """Whether the objects are built and the first step worked: what fails early has failed."""
    return any(isinstance(event, Step) for event in events)


def _commands(checks: Checks, plan: Plan) -> list[Confirm | Stability]:
    """The checks, for a worker that carries them out when nobody is there any more."""
    commands: list[Confirm | Stability] = []
    if checks.iterations or checks.seconds:
        commands.append(
            Confirm(
                iterations=checks.iterations,
                seconds=checks.seconds,
                schedule=plan.schedule,
                steps=plan.steps,
                warmup=plan.warmup,
            )
        )
    if checks.stability:
        commands.append(Stability())
    return commands


def _tell_left(events: Sequence[Event]) -> int:
    """Name the run that goes on alone, and say how to see it again; returns the exit code."""
    run_id = next(event.id for event in events if isinstance(event, Started))
    note(f"the run goes on in {owner_of(run_id)}; this shows it, and x stops it there:")
    note(f"    lrtui attach {run_id}")
    return put([run_id])


def _plan(events: Sequence[Event]) -> Plan:
    """The plan of the run, in steps."""
    for event in events:
        if isinstance(event, Started):
            return event.plan
    return ANY_PLAN


def _has_suggestion(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Suggested) and event.suggestion.lr is not None for event in events)


def report(events: Sequence[Event], *, as_json: bool, output: Path | None, overwrite: bool) -> int:
    """Print and save the record of a run that has ended; returns the exit code."""
    end = next(event for event in reversed(events) if isinstance(event, Ended))
    try:
        record = from_events(events)
    except RecordError:  # no worker could be started
        return say(f"{end.phase}: {end.reason}", USER_FAILED)
    saved = output is None or _save(record, output, overwrite, end)
    code = _print(record, end, as_json)
    problem = streams.problem()
    if problem:
        return say(f"{problem}{_where_kept(end)}", NOT_SAVED)
    if not_saved(events):
        _keep_copy(record)
    if not saved or (not_saved(events) and code in (ANSWER, NO_ANSWER)):
        return NOT_SAVED
    return code


def _save(record: RunRecord, output: Path, overwrite: bool, end: Ended) -> bool:
    """Write the record to the file that was asked for; says why where it cannot be written."""
    try:
        save(record, output, overwrite)
    except OSError as error:
        problem = f"{output}: could not be saved: {error.strerror}"
        say(f"{problem}{_where_kept(end)}", NOT_SAVED)
        return False
    return True


def not_saved(events: Sequence[Event]) -> bool:
    """Whether something that was measured is not in the run's record."""
    problem, record = "", ""
    for event in events:
        if isinstance(event, Saving):
            problem = event.problem
        elif isinstance(event, Ended):
            record = event.record
    return bool(problem) or not record


def _keep_copy(record: RunRecord) -> None:
    """Write a record that cannot be kept with the others to a folder for temporary files."""
    folder = paths.elsewhere()
    if folder is None:
        note("lrtui: no copy of the record can be kept: there is no folder for temporary files")
        return
    try:
        copy = save(record, folder / f"{record.id}.json", overwrite=True, follow=False)
    except OSError as error:
        note(f"lrtui: no copy of the record can be kept in {folder}: {error.strerror or error}")
    else:
        note(f"lrtui: a copy of the record is in {copy}")


def _not_agreed(items: Sequence[Item]) -> str:
    """What keeps a run from being started."""
    words = ", ".join(item.words for item in items)
    return f"this run needs what you have not agreed to: {words}; --yes agrees"


def _print(record: RunRecord, end: Ended, as_json: bool) -> int:
    """Print the record or its summary; returns the exit code that the run's end gives."""
    if as_json:
        put_json(to_json(record).decode())
    if record.status == "failed":
        code = say(_failure(record, end), USER_FAILED)
        for line in failed.lines(end.where, end.output, end.advice):
            note(line)
        return code
    if not as_json:
        put(summary(record, end.record))
    return ANSWER if has_answer(record) else NO_ANSWER


def _failure(record: RunRecord, end: Ended) -> str:
    failure = f"{end.phase}: {end.reason}"
    if not record.log or record.log in end.reason:
        return failure
    return f"{failure} (log: {record.log})"


def _where_kept(end: Ended) -> str:
    if not end.record:
        return ""
    return f"; the record is kept at {end.record}"
