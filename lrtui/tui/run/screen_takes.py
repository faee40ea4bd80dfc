"""What a person takes away from the run screen: the clipboard and the record."""

from functools import partial
from pathlib import Path

from lrtui.tui.run.export import bounds_text, file_name, rate_text, save_record
from lrtui.tui.run.screen_base import RunBase


class Takes(RunBase):
    """The keys that copy and write."""

    def action_copy(self) -> None:
        """Copy the suggested learning rate, or the boundaries where there is none."""
        taken = rate_text(self.view)
        if taken:
            self.copy(*taken)
        else:
            self.action_copy_bounds()

    def action_copy_bounds(self) -> None:
        """Copy the two boundaries."""
        if self.boundaries:
            self.copy(*bounds_text(self.boundaries.bounds))

    def action_write(self) -> None:
        """Write the run record."""
        self.take_record()

    def take_record(self) -> None:
        """Ask for a path and write the run record there."""
        from lrtui.tui.dialogs.write import Write

        if self.view.started is None:
            self.tell("nothing to write yet: no run has started", warn=True)
            return
        bounds = self.boundaries.bounds if self.boundaries else None
        save = partial(save_record, self.view, bounds)
        self.app.push_screen(Write(file_name(self.view), save), self._written)

    def _written(self, path: Path | None) -> None:
        if path is not None:
            self.tell(f"written: {path}")
