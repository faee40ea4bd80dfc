"""How a person looks at a finished curve: smoothed otherwise, trimmed, without a repeat, and with all the rules."""

from lrtui.tui.run.screen_base import RunBase
from lrtui.tui.run.view_options import AS_MEASURED, ViewOptions, trim_step
from lrtui.tui.run.view_options import Side as TrimSide


class Looks(RunBase):
    """The keys that change what the answer is to; it is computed anew at once."""

    @property
    def judged(self) -> bool:
        """There is a finished curve, so that an answer to it can be computed anew."""
        return self.view.ended is not None and bool(self.view.points)

    def action_smooth(self, by: int) -> None:
        """Smooth the curve more or less."""
        self._look(self.view.lens.smoothed(by, self.view.spec.range.smooth_f))

    def action_trim(self, side: TrimSide, by: int) -> None:
        """Leave out points at one side, or take them in again."""
        count = min((len(steps) for steps in self.view.points), default=0)
        self._look(self.view.lens.trimmed(side, by * trim_step(count), count))

    def action_leave_out(self, repeat: int) -> None:
        """Leave a repeat out, or take it in again."""
        self._look(self.view.lens.toggled(repeat, len(self.view.points)))

    def action_as_measured(self) -> None:
        """Undo all of it, a rate that was taken from short trainings too."""
        self.view.taken_lr = None
        self._look(AS_MEASURED)
        self.show()
        self.refresh_bindings()

    def action_details(self) -> None:
        """Show the answer in full."""
        from lrtui.tui.dialogs.details import Details

        answer, placed = self.view.answer, self.boundaries
        # boundaries that nobody has placed are an answer, too, and there may be none to give
        given = placed is not None and (
            placed.touched or (answer is not None and answer.suggestion.lr is not None)
        )
        self.app.push_screen(
            Details(self.view, placed.bounds if placed and given else None, self.copy)
        )

    def _look(self, lens: ViewOptions) -> None:
        if self.judged and lens != self.view.lens:
            self.view.look(lens)
            self.settle()
            self.show()
            self.refresh_bindings()
