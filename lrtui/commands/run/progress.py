"""The progress of a run as lines on stderr, where there is no screen."""

import io
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
from lrtui.report.progress import racing_text


class Progress:
    """On a terminal one line that is rewritten; elsewhere one line for each tenth of the steps.

    A quiet one writes warnings only.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._out = sys.stderr or io.StringIO()  # Python has none where the descriptor was closed
        self._rewrites = self._out.isatty()
        self._total = 0
        self._count = 0
        self._shown_tenth = -1
        self._open = False  # a line that is still being rewritten

    def show(self, event: Event) -> None:
        """Write what an event says about the progress."""
        if self._quiet and not _is_warning(event):
            return
        match event:
            case Started():
                self._total = event.total_steps
                self._line(_start_text(event))
            case Notice():
                self._line(event.text)
            case Extended(problem="", total_steps=total):
                self._total = total
            case Step():
                self._count += 1
                self._step(event)
            case Racing():
                self._rewrite(racing_text(event))
            case Measured(result=TrialResult() as trial):
                self._line(_trial_text(trial))
            case Suggested() | Ended():
                self.close()

    def close(self) -> None:
        """End the line that is being rewritten."""
        if self._open:
            self._out.write("\n")
            self._open = False

    def _step(self, step: Step) -> None:
        tenth = self._count * 10 // max(1, self._total)
        text = f"{self._count}/{self._total}  lr {step.lr:.2e}  loss {_loss_text(step)}"
        if self._rewrites:
            self._rewrite(text)
        elif tenth > self._shown_tenth:
            self._line(text)
        self._shown_tenth = tenth

    def _rewrite(self, text: str) -> None:
        """Show a line that the next one replaces; nothing where lines cannot be replaced."""
        if self._rewrites:
            self._out.write(f"\r\x1b[K{text}")
            self._out.flush()
            self._open = True

    def _line(self, text: str) -> None:
        self.close()
        self._out.write(f"{printable(text)}\n")


def _is_warning(event: Event) -> bool:
    return isinstance(event, Notice) and event.level == "warning"


def _start_text(event: Started) -> str:
    """What is run, without the parts that a failed build leaves empty."""
    parts = [event.spec.model.target, event.spec.data.target, event.device, event.batch]
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
