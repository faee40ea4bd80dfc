"""One spec and its checks, measured in a worker while a terminal or a log follows."""

import signal
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec

from lrtui.analysis.answer import ANY_PLAN, Plan
from lrtui.catalog.trust import Item
from lrtui.commands.run.progress import Progress
from lrtui.commands.streams import note
from lrtui.events import Ended, Event, Notice, Started, Step, Suggested
from lrtui.launch.driver import Driver
from lrtui.launch.remote.host import Host
from lrtui.launch.session import Session
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.protocol import Confirm, Stability
from lrtui.shell import signals
from lrtui.spec import RunSpec

_POLL_SECONDS = 0.05
_JOIN_SECONDS = 5


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured after the curve. There is a race if it has a budget."""

    iterations: int | None = None
    seconds: float | None = None
    stability: bool = False


NO_CHECKS = Checks()


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What runs may do and what is measured of them.

    Attributes:
        agreed: what is agreed to, beside what is remembered.
        checks: what is measured after the curve.
        stop_on_hangup: a run ends when the terminal is gone; else it goes on in its worker.
        host: the machine of the worker; None for this one.
        detach: leave the run as soon as its first step is measured.
    """

    agreed: Collection[str] = ()
    checks: Checks = NO_CHECKS
    stop_on_hangup: bool = False
    host: Host | None = None
    detach: bool = False


DEFAULT = Terms()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a spec: its events, the signals that stopped it, and what was not agreed to."""

    events: Sequence[Event]
    received: Sequence[int]
    refused: Sequence[Item]
    lost: str = ""  # how to go on after the connection to the worker's machine was lost
    left: bool = False  # it goes on alone, as was asked


def measure(spec: RunSpec, terms: Terms, progress: Progress) -> Run:
    """Run a spec and its checks, until the end or a signal, or until it can be left."""
    session = Session(terms.host)
    session.agreed.update(terms.agreed)
    driver = session.driver(spec)
    left = False
    try:
        with signals.collected() as received:
            hang_up = partial(session.hang_up, stop=terms.stop_on_hangup)
            follower = Follower(driver, progress, received, hang_up)
            driver.run(spec)
            left = terms.detach and _leave(driver, terms.checks, follower)
            if not left:
                follower.follow()
            if not (left or received):
                _measure_checks(driver, terms.checks, follower)
        events = list(driver.events)
    finally:
        session.close()  # first, so that no spare worker is started for a next run
        driver.close()
        driver.join(_JOIN_SECONDS)
        if signal.SIGHUP not in received:
            progress.close()
    goes_on = left or driver.lost or (signal.SIGHUP in received and not terms.stop_on_hangup)
    if not goes_on:
        for event in driver.events[len(events) :]:
            if isinstance(event, Notice):  # what could not be ended
                note(event.text)
    return Run(
        events=events,
        received=received,
        refused=list(session.refused.values()),
        lost=driver.lost,
        left=left,
    )


def _leave(driver: WorkerDriver, checks: Checks, follower: "Follower") -> bool:
    """Leave the run when its first step is measured; whether it goes on alone."""
    follower.follow(until=_is_measuring)
    if follower.received:
        return False
    return driver.detach(_commands(checks, _plan(driver.events)))


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
        self.received = received
        self._read = 0
        self._stopped = False

    def follow(self, until: Callable[[Sequence[Event]], bool] = lambda _: False) -> None:
        """Return when the driver is idle and all of its events are shown, or what is waited for."""
        driver = self._driver
        while driver.busy or self._read < len(driver.events):
            if until(driver.events):
                return
            if self.received and not self._stopped:
                self._stopped = True
                self._stop()
            self._show()
            if driver.busy:
                time.sleep(_POLL_SECONDS)

    def _show(self) -> None:
        """Show what is new, while there is a terminal."""
        new = self._driver.events[self._read :]
        self._read += len(new)
        if signal.SIGHUP in self.received:
            return
        for event in new:
            self._progress.show(event)
        self._progress.refresh()

    def _stop(self) -> None:
        if signal.SIGHUP in self.received:
            self._hang_up()
        else:
            self._driver.stop()


def _measure_checks(driver: Driver, checks: Checks, follower: Follower) -> None:
    """The race, where there is an answer to race, then the stability limit."""
    if not _has_run(driver.events):
        return
    if checks.iterations or checks.seconds:
        if _has_suggestion(driver.events):
            driver.confirm(_race(checks, _plan(driver.events)))
            follower.follow()
        else:
            note("no race: there is no learning rate to confirm")
    if checks.stability and not follower.received:
        driver.stability()
        follower.follow()


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
        commands.append(_race(checks, plan))
    if checks.stability:
        commands.append(Stability())
    return commands


def _race(checks: Checks, plan: Plan) -> Confirm:
    """The race of the suggestion, for the planned training."""
    return Confirm(
        iterations=checks.iterations,
        seconds=checks.seconds,
        schedule=plan.schedule,
        steps=plan.steps,
        warmup=plan.warmup,
    )


def _plan(events: Sequence[Event]) -> Plan:
    """The plan of the run, in steps."""
    for event in events:
        if isinstance(event, Started):
            return event.plan
    return ANY_PLAN


def _has_suggestion(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Suggested) and event.suggestion.lr is not None for event in events)
