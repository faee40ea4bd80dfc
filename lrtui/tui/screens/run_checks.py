"""What is measured beside a curve: short trainings that confirm its answer, and the stability limit."""

from lrtui.tui.budget import Budget, usual_budget
from lrtui.tui.screens.run_takes import Takes


class Checks(Takes):
    """The keys that ask for more than the curve."""

    @property
    def checkable(self) -> bool:
        """A run has ended whose objects are still there."""
        return self.view.ended is not None and self.view.ended.status != "failed" and bool(self.view.points)

    @property
    def candidate(self) -> tuple[float, str] | None:
        """The rate that is tried, and what it is: the answer's, or the boundary in hand where there is none."""
        answer = self.view.answer
        if answer is not None and answer.suggestion.lr is not None:
            return answer.suggestion.lr, "the suggestion"
        if self.boundaries is not None and self.boundaries.held > 0:
            return self.boundaries.held, f"the {self.boundaries.active} boundary"
        return None

    def action_confirm(self) -> None:
        """Ask for a budget; or show the trials that are there already."""
        from lrtui.tui.screens.trials import Trials

        if self.view.checking == "confirmation" or self.view.trials:
            self.app.push_screen(Trials(self))
        else:
            self.ask_budget()

    def ask_budget(self) -> None:
        """Ask what short trainings may cost, then have them run."""
        from lrtui.tui.screens.budget import AskBudget

        if not self.checkable or self.view.busy or self.candidate is None:
            self.tell("nothing to try yet: a run has to end first", warn=True)
            return
        answer = self.view.answer
        bounds = self.boundaries.bounds if self.boundaries else None
        usual = usual_budget(self.candidate[0], answer.suggestion if answer else None, bounds)
        self.app.push_screen(AskBudget(*self.candidate, usual), self._confirm)

    def _confirm(self, budget: Budget | None) -> None:
        from lrtui.tui.screens.trials import Trials

        if budget is None or self.view.busy or self.candidate is None:
            return
        self.view.check("confirmation")
        self.driver.confirm(lr=self.candidate[0], **budget.arguments)
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
