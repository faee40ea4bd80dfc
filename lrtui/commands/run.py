"""`lrtui run`: the worker and the events of the app, with a progress line for the screen."""

import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import msgspec

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
    say,
    stdout,
)
from lrtui.events import Ended, Event, Started, Suggested
from lrtui.launch.driver import Driver
from lrtui.launch.ranks import start_problem
from lrtui.launch.session import Session
from lrtui.ranks.placement import placement_of
from lrtui.record import RecordError, RunRecord, from_events, to_json
from lrtui.report import failure as failed
from lrtui.runs.store import save
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
) -> int:
    """Run a spec and its checks; returns the exit code.

    What is not agreed to, by `agreed` or by what is remembered, is not run.

    The first SIGINT or SIGTERM stops the run, and what it has measured is kept. On a SIGHUP the run
    goes on in its worker, without this process, unless `stop_on_hangup`.
    """
    missing = unagreed(spec, {*remembered(), *agreed})
    if missing:
        return say(_not_agreed(missing), USAGE)
    problem = start_problem(spec)
    if problem:
        return say(problem, USAGE)
    session = Session()
    session.agreed.update(agreed)
    driver = session.driver(spec)
    progress = Progress()
    try:
        with _signals_collected() as received:
            hang_up = partial(session.hang_up, stop=stop_on_hangup)
            follower = Follower(driver, progress, received, hang_up)
            driver.run(spec)
            follower.follow()
            if not received:
                _measure_checks(driver, checks, follower)
        events = list(driver.events)
    finally:
        session.close()  # first, so that no spare worker is started for a next run
        driver.close()
        driver.join(_JOIN_SECONDS)
        if signal.SIGHUP not in received:
            progress.close()
    if signal.SIGHUP in received and not stop_on_hangup:
        return 128 + received[0]
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

    def follow(self) -> None:
        """Return when the driver is idle and all of its events are shown."""
        driver = self._driver
        while driver.busy or self._read < len(driver.events):
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
    if _has_failed(driver.events):
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


def _has_failed(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Ended) and event.status == "failed" for event in events)


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
    try:
        code = _print(record, end, as_json)
    except OSError as error:
        problem = f"stdout cannot be written: {error.strerror or error}"
        return say(f"{problem}{_where_kept(end)}", NOT_SAVED)
    if not end.record and code in (ANSWER, NO_ANSWER):
        code = NOT_SAVED
    if output is None:
        return code
    try:
        save(record, output, overwrite)
    except OSError as error:
        problem = f"{output}: could not be saved: {error.strerror}"
        return say(f"{problem}{_where_kept(end)}", NOT_SAVED)
    return code


def _not_agreed(items: Sequence[Item]) -> str:
    """What keeps a run from being started."""
    words = ", ".join(item.words for item in items)
    return f"this run needs what you have not agreed to: {words}; --yes agrees"


def _print(record: RunRecord, end: Ended, as_json: bool) -> int:
    """Print the record or its summary; returns the exit code that the run's end gives."""
    out = stdout()
    if as_json:
        out.write(to_json(record).decode())
    if record.status == "failed":
        code = say(_failure(record, end), USER_FAILED)
        for line in failed.lines(end.where, end.output):
            note(line)
    else:
        code = ANSWER if has_answer(record) else NO_ANSWER
        if not as_json:
            out.writelines(f"{line}\n" for line in summary(record, end.record))
    out.flush()
    return code


def _failure(record: RunRecord, end: Ended) -> str:
    failure = f"{end.phase}: {end.reason}"
    if not record.log or record.log in end.reason:
        return failure
    return f"{failure} (log: {record.log})"


def _where_kept(end: Ended) -> str:
    if not end.record:
        return ""
    return f"; the record is kept at {end.record}"


@contextmanager
def _signals_collected() -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP; a second one ends the program as usual."""
    received: list[int] = []

    def collect(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    previous = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    for number, handler in previous.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, collect)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
