"""Finished short trainings, for tests of what is said of them."""

from lrtui.events import TrialResult
from lrtui.report.race import what_it_is


def trial(
    lr: float, loss: float | None, round: int = 0, seed: int = 0, steps: int = 20
) -> TrialResult:
    """A trial of a race of 0.01; a loss of None blew up."""
    return TrialResult(
        lr=lr,
        what=what_it_is(lr, 0.01, "suggestion"),
        round=round,
        seed=seed,
        iterations=steps,
        loss=loss,
        curve=[2.3, 1.0],
        schedule="constant",
        spent=steps,
    )
