"""The progress of a run as lines on stderr, where there is no screen."""

import io
import math
import sys

from lrtui.commands.streams import printable
from lrtui.events import (
    Ended,
    Event,
    Extended,
    Measured,
    Notice,
    Racing,
    Started,
    Step,
    Suggested,
    TrialResult,
)
from lrtui.report.progress import clock, racing_text
from lrtui.shell.status_line import StatusLine


class Progress:
    """On a terminal a line that is replaced; elsewhere a line for each tenth of the steps.

    A quiet one writes warnings only.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._out = sys.stderr or io.StringIO()  # Python has none where the descriptor was closed
        self._status = StatusLine(self._out)
        self._total = 0
        self._allowed = math.inf  # seconds of the test
        self._count = 0
        self._shown_tenth = -1

    def show(self, event: Event) -> None:
        """Take in what an event says about the progress."""
        if self._quiet and not _is_warning(event):
            return
        match event:
            case Started():
                self._total = event.total_steps
                self._allowed = event.spec.range.max_seconds or math.inf
                self._line(_start_text(event))
            case Notice():
                self._line(event.text)
            case Extended(problem="", total_steps=total):
                self._total = total
            case Step():
                self._step(event)
            case Racing():
                self._status.show(racing_text(event))
            case Measured(result=TrialResult() as trial):
                self._status.remove()
                self._line(_trial_text(trial))
            case Suggested() | Ended():
                self.close()

    def refresh(self) -> None:
        """Replace the line, where it is due. To be called several times a second."""
        self._status.refresh()

    def close(self) -> None:
        """Let the last state of the line stand."""
        self._status.leave()

    def _step(self, step: Step) -> None:
        self._count += 1
        text = f"{self._count}/{self._total}  lr {step.lr:.2e}  loss {_loss_text(step)}"
        self._status.show(text, f"  {clock(self._seconds_left(step))} left")
        tenth = self._count * 10 // max(1, self._total)
        if tenth > self._shown_tenth and not self._status.is_possible:
            self._line(text)
        self._shown_tenth = tenth

    def _seconds_left(self, step: Step) -> float:
        """At the pace so far, or until the time is up."""
        pace = step.seconds / self._count
        return min(pace * (self._total - self._count), self._allowed - step.seconds)

    def _line(self, text: str) -> None:
        self._status.leave()
        self._out.write(f"{printable(text)}\n")


def _is_warning(event: Event) -> bool:
    return isinstance(event, Notice) and event.level == "warning"


def _start_text(event: Started) -> str:
    """What is run, without the parts that a failed build leaves empty."""
    spec = event.spec
    parts = [spec.model.target, spec.data.target, spec.optimizer.target, event.device]
    return " · ".join(filter(None, parts))


def _loss_text(step: Step) -> str:
    if step.loss is not None:
        return f"{step.loss:.4g}"
    if step.skipped:
        return "skipped"
    return f"{step.measured_loss}"


def _trial_text(trial: TrialResult) -> str:
    loss = "blew up" if trial.loss is None else f"loss {trial.loss:.4g}"
    return f"trial of {trial.iterations} steps  lr {trial.lr:.2e}  {loss}"
