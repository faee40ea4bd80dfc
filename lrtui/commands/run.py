"""`lrtui run`: the same worker and the same events as the app, with a progress line in place of a screen."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec

from lrtui.analysis.answer import Schedule
from lrtui.commands.answer import answered, summary
from lrtui.commands.progress import Progress
from lrtui.commands.streams import ANSWER, NO_ANSWER, NOT_SAVED, USER_FAILED, note, say, stdout
from lrtui.events import Ended, Event, Suggested
from lrtui.launch.driver import Driver
from lrtui.launch.session import Session
from lrtui.record import RecordError, RunRecord, from_events, to_json
from lrtui.runs.store import save
from lrtui.spec import RunSpec

_POLL_SECONDS = 0.05


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be measured beside the curve: a confirmation, where it has a budget, and a stability limit."""

    iterations: int | None = None
    seconds: float | None = None
    schedule: Schedule = "constant"
    stability: bool = False


NO_CHECKS = Checks()


def run_headless(
    spec: RunSpec,
    *,
    checks: Checks = NO_CHECKS,
    as_json: bool = False,
    output: Path | None = None,
    overwrite: bool = False,
) -> int:
    """Run a spec to its end; the exit code. A first SIGINT or SIGTERM stops the run and keeps what it measured."""
    session = Session()
    driver = session.driver(spec)
    progress = Progress()
    with _signals() as received:
        follow = Follow(driver, progress, received)
        driver.run(spec)
        follow()
        if not received:
            _check(driver, checks, follow)
    events = list(driver.events)
    driver.close()
    session.close()
    driver.join(5)
    progress.close()
    code = report(events, as_json=as_json, output=output, overwrite=overwrite)
    return 128 + received[0] if received else code


class Follow:
    """Shows what a driver tells until it is idle, and stops it upon a signal."""

    def __init__(self, driver: Driver, progress: Progress, received: list[int]) -> None:
        self._driver = driver
        self._progress = progress
        self._received = received
        self._read = 0
        self.stopped = False

    def __call__(self) -> None:
        """Return once the driver is idle and all that it told is shown."""
        driver = self._driver
        while driver.busy or self._read < len(driver.events):
            if self._received and not self.stopped:
                self.stopped = True
                driver.stop()
            for event in driver.events[self._read :]:
                self._progress.show(event)
                self._read += 1
            if driver.busy:
                time.sleep(_POLL_SECONDS)


def _check(driver: Driver, checks: Checks, follow: Follow) -> None:
    """What was asked for beside the curve: a confirmation where there is an answer, then the stability limit."""
    if any(isinstance(event, Ended) and event.status == "failed" for event in driver.events):
        return
    if checks.iterations or checks.seconds:
        if any(
            isinstance(event, Suggested) and event.suggestion.lr is not None
            for event in driver.events
        ):
            driver.confirm(
                iterations=checks.iterations, seconds=checks.seconds, schedule=checks.schedule
            )
            follow()
        else:
            note("no short trainings: there is no learning rate to confirm")
    if checks.stability and not follow.stopped:
        driver.stability()
        follow()


def report(events: list[Event], *, as_json: bool, output: Path | None, overwrite: bool) -> int:
    """Print and save the record of a run; the exit code that it deserves."""
    end = next(event for event in reversed(events) if isinstance(event, Ended))
    try:
        record = from_events(events)
    except RecordError:
        return say(f"{end.phase}: {end.reason}", USER_FAILED)
    try:
        if as_json:
            stdout().write(to_json(record).decode())
        code = _verdict(record, end, as_json)
        stdout().flush()
    except OSError as error:
        kept = f"; the record is kept at {end.record}" if end.record else ""
        return say(f"stdout cannot be written: {error.strerror or error}{kept}", NOT_SAVED)
    if not end.record and code in (ANSWER, NO_ANSWER):
        code = NOT_SAVED
    if output is not None:
        try:
            save(record, output, overwrite)
        except OSError as error:
            kept = f"; the record is kept at {end.record}" if end.record else ""
            return say(f"{output}: could not be saved: {error.strerror}{kept}", NOT_SAVED)
    return code


def _verdict(record: RunRecord, end: Ended, quiet: bool) -> int:
    if record.status == "failed":
        log = f" (log: {record.log})" if record.log and record.log not in end.reason else ""
        return say(f"{end.phase}: {end.reason}{log}", USER_FAILED)
    if not quiet:
        stdout().write("".join(f"{line}\n" for line in summary(record, end.record)))
    return ANSWER if answered(record) else NO_ANSWER


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP instead of dying of them; a second one ends the program as usual."""
    received: list[int] = []
    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in handled}

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    for number in handled:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, remember)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
