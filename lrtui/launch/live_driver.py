"""LiveDriver: drives a range test in this very process, for live objects that a script already has.

It tells of the run in the same events as a worker does, so the screen is the same; what it cannot do is outlive a crash
of the user's code. It knows the objects by what they can do alone: nothing here imports torch.
"""

import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Protocol

from lrtui import __version__
from lrtui.analysis.analyse import Analysis
from lrtui.analysis.answer import Schedule
from lrtui.events import (
    Check,
    Ended,
    Event,
    Measured,
    Restored,
    Started,
    Status,
    Step,
    Suggested,
    ends_check,
)
from lrtui.record import new_id, now
from lrtui.run_events import (
    STOPPED,
    check_problem,
    confirmation_event,
    stability_event,
    trial_event,
)
from lrtui.spec import RunSpec

Facts = dict[str, Any]  # the fields of `Started` that only torch knows; `digest` among them


class Live(Protocol):
    """What live objects are asked to do."""

    @property
    def spec(self) -> RunSpec:
        """What the screen calls them."""
        ...

    @property
    def past(self) -> Sequence[Step]:
        """A test that was measured before; where there is one it is shown instead of a new one."""
        ...

    @property
    def judged_by(self) -> str:
        """What a trial's loss is."""
        ...

    def facts(self) -> Facts:
        """What they are."""
        ...

    def steps(self) -> Generator[Step, None, None]:
        """A range test; closing it puts everything back."""
        ...

    def trials(self, **how: Any) -> Generator[Any, None, Any]:
        """Short trainings: steps, finished trials, and at its end the confirmation."""
        ...

    def stability(self) -> Any:
        """The stability limit."""
        ...

    def outcome(self) -> tuple[Status, str]:
        """How the last test ended, and why."""
        ...

    def analysis(self) -> Analysis:
        """All that its curves say."""
        ...

    def reset(self) -> str:
        """Put everything back; the digest after that."""
        ...


class LiveDriver:
    """A Driver on live objects. What they print goes to the log."""

    def __init__(self, live: Live, log: Path) -> None:
        self.events: list[Event] = []
        self.log = str(log)
        self._live = live
        self._digest = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """A run is being measured, or put back, or something measured beside its curve."""
        return self._thread is not None and self._thread.is_alive()

    def run(self, spec: RunSpec) -> None:
        """Run (again) from the restored state: what is run is in the objects, not in the spec."""
        self._ask(self._measure)

    def confirm(
        self,
        *,
        lr: float | None = None,
        iterations: int | None = None,
        seconds: float | None = None,
        schedule: Schedule = "constant",
    ) -> None:
        """Confirm the suggestion by short trainings."""
        how = {"lr": lr, "iterations": iterations, "seconds": seconds, "schedule": schedule}
        self._ask(lambda: self._check("confirmation", lambda: self._trials(how)))

    def stability(self) -> None:
        """Measure the stability limit."""
        self._ask(
            lambda: self._check(
                "stability", lambda: iter([stability_event(self._live.stability())])
            )
        )

    def stop(self) -> None:
        """End what goes on after the step in progress."""
        self._stop.set()

    def reset(self) -> None:
        """Stop if need be, then put model and optimizer back; a `Restored` follows."""
        before = self._thread
        self._stop.set()
        self._begin(lambda: self._restore(before))

    def close(self) -> None:
        """Stop, and wait for the step in progress: the objects are the caller's again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _ask(self, work: Callable[[], None]) -> None:
        if not self.busy:
            self._stop.clear()  # here and not when it begins, or a stop that follows at once would be lost
            self._begin(work)

    def _begin(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(
            target=self._quietly, args=(work,), name="range test", daemon=True
        )
        self._thread.start()

    def _quietly(self, work: Callable[[], None]) -> None:
        with (
            Path(self.log).open("a", errors="replace") as log,
            redirect_stdout(log),
            redirect_stderr(log),
        ):
            work()

    def _restore(self, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        digest = self._live.reset()
        self.events.append(Restored(digest=digest, exact=digest == self._digest))

    def _measure(self) -> None:
        began = time.perf_counter()
        past = self._live.past
        if not past:
            self._digest = self._live.reset()
        facts = self._live.facts()
        self._digest = facts["digest"]
        self.events.append(
            Started(
                id=new_id(),
                created=now(),
                lrtui=__version__,
                spec=self._live.spec,
                log=self.log,
                **facts,
            )
        )
        self.events.extend(past)
        status, reason = self._live.outcome() if past else self._follow()
        if any(isinstance(event, Step) for event in self.events):
            answer = self._live.analysis()
            self.events.append(
                Suggested(
                    suggestion=answer.suggestion,
                    suggestions=dict(answer.suggestions),
                    bounds=answer.bounds,
                )
            )
        phase = "training" if status == "failed" else ""
        self.events.append(
            Ended(status=status, reason=reason, seconds=time.perf_counter() - began, phase=phase)
        )

    def _follow(self) -> tuple[Status, str]:
        try:
            with closing(self._live.steps()) as steps:
                for count, step in enumerate(steps, 1):
                    self.events.append(step)
                    if self._stop.is_set():
                        return "stopped", f"{STOPPED} after {count} iterations"
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's code may raise anything, and it is told
            traceback.print_exc()
            return "failed", _line(error)
        return self._live.outcome()

    def _check(self, name: Check, how: Callable[[], Iterator[Measured]]) -> None:
        """Measure something beside the curve; the last event has the name, whatever happens."""
        last = check_problem(name, STOPPED)
        try:
            for event in how():
                if ends_check(event):
                    last = event
                else:
                    self.events.append(event)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's code may raise anything, and it is told
            traceback.print_exc()
            last = check_problem(
                name, str(error) if isinstance(error, ValueError) else _line(error)
            )
        self.events.append(last)

    def _trials(self, how: Facts) -> Iterator[Measured]:
        finished: list[Any] = []
        answer = self._live.analysis()
        with closing(self._live.trials(**how)) as run:
            while not self._stop.is_set():
                try:
                    event = next(run)
                except StopIteration as end:
                    yield confirmation_event(end.value, how["schedule"], self._live.judged_by)
                    return
                if hasattr(event, "curve"):  # a finished trial, not one of its steps
                    finished.append(event)
                    yield trial_event(finished, answer, how["schedule"])


def _line(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
