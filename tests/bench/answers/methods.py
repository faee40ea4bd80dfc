"""The methods that the benchmark compares, each with the steps that it spends.

A method answers for one cell, one seed and one plan: a rate, perhaps an interval, or a refusal.
Those that train without a rate (Prodigy, schedule-free) give their validation loss instead.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module

import numpy as np
from torch.optim import Optimizer

from lrtui.analysis.answer import Plan, Schedule, Suggestion
from lrtui.analysis.curve import Curve
from lrtui.analysis.rules import suggest_all
from lrtui.analysis.suggest import suggest_curves

from .cells import SHORT, Cell
from .halving import blind_halving
from .training import trained
from .truth import Truth

MOMENTUM = {"sgd": 0.0, "momentum": 0.9, "adam": 0.9, "adamw": 0.9, "rmsprop": 0.0}
DEFAULTS = {"sgd": 1e-3, "momentum": 1e-3, "adam": 1e-3, "adamw": 1e-3, "rmsprop": 1e-2}
RACE_SEED = 200  # of data orders: neither the range tests' nor the truth's


@dataclass(frozen=True)
class Answer:
    """What a method answers.

    Attributes:
        lr: a rate; None: a refusal, or a method that trains without one.
        low: the lower end of an interval, if there is one.
        high: its upper end.
        steps: optimizer steps spent before the training that is planned.
        loss: validation loss of a method that trains without a rate.
        verdict: of the test or of the race.
        before: the rate before the race.
    """

    lr: float | None
    low: float | None = None
    high: float | None = None
    steps: int = 0
    loss: float | None = None
    verdict: str = ""
    before: float | None = None


Method = Callable[[Cell, int, Plan], Answer]


def plan_of(cell: Cell, schedule: Schedule, steps: int) -> Plan:
    """The plan of a training of the truth; one-cycle has its own warm-up."""
    warmup = 0 if schedule == "one-cycle" else int(cell.task.warmup * steps)
    return Plan(schedule=schedule, steps=steps, warmup=warmup)


def default(cell: Cell, seed: int, plan: Plan) -> Answer:
    """The default rate of torch's optimizer."""
    return Answer(DEFAULTS[cell.optimizer])


def usual(cell: Cell, seed: int, plan: Plan) -> Answer:
    """0.1 for SGD, 0.001 for all others: what people type first."""
    return Answer(usual_rate(cell))


def usual_rate(cell: Cell) -> float:
    return 0.1 if cell.uses_sgd else 1e-3


def best_constant(designed: Iterable[Cell], plan: Plan) -> Method:
    """The rate with the most good answers on the tasks designed on, for each kind of optimizer."""
    rates = {}
    for uses_sgd in (True, False):
        cells = [cell for cell in designed if cell.uses_sgd == uses_sgd]
        truths = [Truth.of(cell, plan.steps, plan.schedule) for cell in cells]
        candidates = np.arange(-5, 1.01, 0.1)
        good = [sum(truth.is_good(log_lr) for truth in truths) for log_lr in candidates]
        rates[uses_sgd] = float(10 ** candidates[int(np.argmax(good))])
    return lambda cell, seed, plan: Answer(rates[cell.uses_sgd])


def published(rule: str, num_iter: int) -> Method:
    """A published rule on one range test."""

    def answer(cell: Cell, seed: int, plan: Plan) -> Answer:
        curve = curve_of(cell, seed, num_iter)
        return Answer(suggest_all(curve)[rule], steps=len(curve.lr))

    return answer


def ours(num_iter: int) -> Method:
    """Our suggestion from one range test."""

    def answer(cell: Cell, seed: int, plan: Plan) -> Answer:
        suggestion = suggestion_of(cell, seed, num_iter, plan)
        return Answer(
            suggestion.lr,
            suggestion.low,
            suggestion.high,
            steps=len(curve_of(cell, seed, num_iter).lr),
            verdict=suggestion.verdict,
        )

    return answer


def suggestion_of(cell: Cell, seed: int, num_iter: int, plan: Plan) -> Suggestion:
    return suggest_curves([curve_of(cell, seed, num_iter)], plan)


def halving(budget: int) -> Method:
    """Blind successive halving on the planned schedule, shortened."""

    def answer(cell: Cell, seed: int, plan: Plan) -> Answer:
        trial = partial(shortened, cell, seed, plan.schedule)
        lr, steps = blind_halving(usual_rate(cell), budget, trial)
        return Answer(lr, steps=steps)

    return answer


def shortened(cell: Cell, seed: int, schedule: str, lr: float, steps: int) -> float:
    """Validation loss of a short training."""
    return trained(cell, seed, lr, steps, schedule, data_seed=RACE_SEED + seed)


def prodigy(cell: Cell, seed: int, plan: Plan) -> Answer:
    """Prodigy (arXiv 2306.06101) with its defaults, for the planned steps."""
    return without_rate(cell, seed, plan, import_module("prodigyopt").Prodigy, 1.0)


def schedule_free(cell: Cell, seed: int, plan: Plan) -> Answer:
    """Schedule-free AdamW (arXiv 2405.15682) with its default rate, for the planned steps."""
    make = import_module("schedulefree").AdamWScheduleFree
    return without_rate(cell, seed, plan, make, 0.0025)


def without_rate(
    cell: Cell, seed: int, plan: Plan, make: Callable[..., Optimizer], lr: float
) -> Answer:
    if plan.steps > SHORT:
        seed = 0  # long trainings have one seed
    loss = trained(cell, 100 + seed, lr, plan.steps, "constant", make)
    return Answer(None, loss=loss, verdict="trained")


def curve_of(cell: Cell, seed: int, num_iter: int) -> Curve:
    """The range test of a seed, as the analysis takes it."""
    return cached_curve(cell.name, cell, seed, num_iter)


@cache
def cached_curve(name: str, cell: Cell, seed: int, num_iter: int) -> Curve:
    lrs, losses = cell.range_tests(num_iter)[seed]
    return Curve(lrs, losses, num_iter=num_iter, momentum=MOMENTUM[cell.optimizer])
