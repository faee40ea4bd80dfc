"""Problems for races, whose best rate is known, as plain loops."""

from collections.abc import Callable

import torch

from lrtui.analysis.answer import ANY_PLAN, Plan
from lrtui.analysis.race import Rates, Trial
from lrtui.analysis.race_verdict import Race
from lrtui.engine.race.race import race
from lrtui.engine.race.trial import TrialRunner, TrialStep
from lrtui.engine.step import Update


class NoisyQuadratic:
    """x ← x - lr · (h · x + noise): the rate is best near 1 and blows up above 2."""

    def __init__(self, noise: float = 0.0, offset: float = 0.0) -> None:
        self.noise = noise
        self.offset = offset
        self.started: list[int] = []
        self.lr = 0.0

    def start(self, seed: int) -> Callable[[], Update]:
        self.started.append(seed)
        generator = torch.Generator().manual_seed(seed)
        x = torch.tensor([10.0, 10.0])
        curvature = torch.tensor([1.0, 0.03])

        def train() -> Update:
            nonlocal x
            loss = (curvature * x**2).sum() / 2 + self.offset
            gradient = curvature * x + self.noise * torch.randn(2, generator=generator)
            x = x - self.lr * gradient
            return Update(loss)

        return train

    def runner(self) -> TrialRunner:
        return TrialRunner(self.start, None, lambda pace: setattr(self, "lr", pace.lr))


class Outcome:
    """A race on a problem, with everything that it yielded."""

    def __init__(
        self,
        rates: Rates,
        budget: int = 1200,
        problem: NoisyQuadratic | None = None,
        plan: Plan = ANY_PLAN,
    ) -> None:
        self.problem = problem or NoisyQuadratic()
        self.events: list[TrialStep | Trial] = []
        run = race(self.problem.runner(), rates, budget, plan)
        while True:
            try:
                self.events.append(next(run))
            except StopIteration as end:
                self.race: Race = end.value
                break

    @property
    def trials(self) -> list[Trial]:
        return [event for event in self.events if isinstance(event, Trial)]
