"""The progress of a run as lines on stderr, where there is no screen."""

import io
import sys

from lrtui.events import Ended, Event, Measured, Notice, Started, Step, Suggested, TrialResult


class Progress:
    """One line on stderr that is rewritten on a terminal, and a line for every tenth elsewhere."""

    def __init__(self) -> None:
        self._out = sys.stderr or io.StringIO()  # Python has none where the descriptor was closed
        self._live = self._out.isatty()
        self._total = 0
        self._shown = -1
        self._count = 0
        self._open = False

    def show(self, event: Event) -> None:
        """Tell of an event."""
        match event:
            case Started():
                self._total = event.total_steps
                told = (event.spec.model.target, event.spec.data.target, event.device, event.batch)
                self._line(" · ".join(part for part in told if part))
            case Notice():
                self._line(event.text)
            case Step():
                self._count += 1
                self._step(event)
            case Measured(result=TrialResult() as trial):
                self._line(_trial_text(trial))
            case Suggested() | Ended():
                self.close()

    def close(self) -> None:
        """End a line that is being rewritten."""
        if self._open:
            self._out.write("\n")
            self._open = False

    def _step(self, step: Step) -> None:
        tenth = self._count * 10 // max(1, self._total)
        loss = (
            f"{step.loss:.4g}"
            if step.loss is not None
            else "skipped"
            if step.skipped
            else f"{step.measured_loss}"
        )
        text = f"{self._count}/{self._total}  lr {step.lr:.2e}  loss {loss}"
        if self._live:
            self._out.write(f"\r\x1b[K{text}")
            self._out.flush()
            self._open = True
        elif tenth > self._shown:
            self._line(text)
        self._shown = tenth

    def _line(self, text: str) -> None:
        self.close()
        self._out.write("".join(char if char.isprintable() else " " for char in text) + "\n")


def _trial_text(trial: TrialResult) -> str:
    loss = "blew up" if trial.loss is None else f"loss {trial.loss:.4g}"
    return f"trial of {trial.iterations} steps  lr {trial.lr:.2e}  {loss}"
