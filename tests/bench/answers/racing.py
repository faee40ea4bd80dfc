"""The race on plain trainings: `lrtui.engine.race` with a runner that uses none of the engine."""

from collections.abc import Callable

import torch

from lrtui.analysis.answer import Plan
from lrtui.analysis.race import Rates
from lrtui.analysis.race_verdict import Race
from lrtui.engine.optim import set_momentum
from lrtui.engine.race.budget import drained
from lrtui.engine.race.paces import Pace
from lrtui.engine.race.race import race
from lrtui.engine.race.trial import TrialRunner
from lrtui.engine.step import Update

from .cells import Cell
from .ensemble import OPTIMIZERS
from .methods import RACE_SEED, Answer, Method, curve_of, suggestion_of
from .training import Training


def ours_and_race(num_iter: int, budget: int) -> Method:
    """Our suggestion, and then the race; a race that ends without a rate counts as a refusal."""

    def answer(cell: Cell, seed: int, plan: Plan) -> Answer:
        suggestion = suggestion_of(cell, seed, num_iter, plan)
        steps = len(curve_of(cell, seed, num_iter).lr)
        if suggestion.lr is None:
            return Answer(None, steps=steps, verdict=suggestion.verdict)
        lr = suggestion.lr
        rates = Rates(lr=lr, suggested=lr, low=suggestion.low, high=suggestion.high)
        result = raced(cell, seed, rates, budget, plan)
        return Answer(
            result.answer,
            result.low,
            result.high,
            steps=steps + result.iterations,
            verdict=result.verdict,
            before=suggestion.lr,
        )

    return answer


def raced(cell: Cell, seed: int, rates: Rates, budget: int, plan: Plan) -> Race:
    """The race from the start of a seed, judged by the validation loss."""
    return drained(race(trial_runner(cell, seed), rates, budget, plan))


def trial_runner(cell: Cell, seed: int) -> TrialRunner:
    """Runs trials as plain loops."""
    training = Training(cell, seed, seed)
    optimizer = OPTIMIZERS[cell.optimizer](training.model.parameters(), lr=1.0)

    def start(data_seed: int) -> Callable[[], Update]:
        nonlocal training, optimizer
        training = Training(cell, seed, RACE_SEED + 10 * seed + data_seed)
        optimizer = OPTIMIZERS[cell.optimizer](training.model.parameters(), lr=1.0)
        return lambda: Update(torch.tensor(training.step(optimizer)))

    def validation() -> tuple[float, None]:
        return training.validation_loss(), None

    def set_pace(pace: Pace) -> None:
        optimizer.param_groups[0]["lr"] = pace.lr
        if pace.momentum is not None:
            set_momentum([optimizer], pace.momentum)

    return TrialRunner(start, validation, set_pace)
