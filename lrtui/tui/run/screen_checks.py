"""What is measured beside a curve: short trainings that confirm its answer, and the stability limit."""

from lrtui.tui.numbers import rate
from lrtui.tui.run.budget import SCHEDULES, Budget, Candidates, usual_budget
from lrtui.tui.run.screen_takes import Takes


class Checks(Takes):
    """The keys that ask for more than the curve."""

    @property
    def checkable(self) -> bool:
        """A run has ended whose objects are still there."""
        return (
            self.view.ended is not None
            and self.view.ended.status != "failed"
            and bool(self.view.points)
        )

    @property
    def candidates(self) -> Candidates:
        """What is tried under each schedule: the answer for it, or the boundary in hand where there is none."""
        answer, placed = self.view.answer, self.boundaries
        if answer is not None and answer.suggestion.lr is not None:
            suggested = answer.suggestion.lr, "the suggestion"
            peak = (
                (placed.end, "the end boundary, as the peak")
                if placed and answer.bounds
                else suggested
            )
            return {"constant": suggested, "one-cycle": peak}
        if placed is not None and placed.held > 0:
            return dict.fromkeys(SCHEDULES, (placed.held, f"the {placed.active} boundary"))
        return {}

    @property
    def better(self) -> float | None:
        """The rate that beat the one that was tried, until it is taken."""
        result = self.view.confirmation
        if result is None or not result.better:
            return None
        peak = result.schedule == "one-cycle"
        taken = (self.boundaries.end if self.boundaries else None) if peak else self.view.taken_lr
        return None if taken == result.better else result.better

    def take_better(self) -> None:
        """Take that rate: as the answer, or for one-cycle as the end boundary."""
        better, result = self.better, self.view.confirmation
        if better is None or result is None:
            return
        if result.schedule == "one-cycle" and self.boundaries:
            self.boundaries = self.boundaries.ending(better)
            self.tell(f"the end boundary is {rate(better)} now; w writes it")
        else:
            self.view.take(better)
            self.tell(f"the answer is {rate(better)} now; w writes it")
        self.show()

    def action_confirm(self) -> None:
        """Ask for a budget; or show the trials that are there already."""
        from lrtui.tui.run.trials_screen import Trials

        if self.view.checking == "confirmation" or self.view.trials:
            self.app.push_screen(Trials(self))
        else:
            self.ask_budget()

    def ask_budget(self) -> None:
        """Ask what short trainings may cost, then have them run."""
        from lrtui.tui.dialogs.budget import AskBudget

        candidates = self.candidates
        if not self.checkable or self.view.busy or not candidates:
            self.tell("nothing to try yet: a run has to end first", warn=True)
            return
        answer = self.view.answer
        bounds = self.boundaries.bounds if self.boundaries else None
        usual = usual_budget(
            candidates["constant"][0], answer.suggestion if answer else None, bounds
        )
        self.app.push_screen(AskBudget(candidates, usual), self._confirm)

    def _confirm(self, budget: Budget | None) -> None:
        from lrtui.tui.run.trials_screen import Trials

        candidate = self.candidates.get(budget.schedule) if budget else None
        if budget is None or candidate is None or self.view.busy:
            return
        self.view.check("confirmation")
        self.driver.confirm(lr=candidate[0], **budget.arguments)
        self.show()
        self.refresh_bindings()
        if not isinstance(self.app.screen, Trials):
            self.app.push_screen(Trials(self))

    def action_limit(self) -> None:
        """Measure the stability limit; where it is known, hide or show it."""
        if self.view.limit is not None:
            self.view.limit_shown = not self.view.limit_shown
            self.show()
        elif self.checkable and not self.view.busy:
            self.view.check("stability")
            self.driver.stability()
            self.show()
            self.refresh_bindings()
