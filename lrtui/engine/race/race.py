"""The race: does an answer hold in training, or is a rate around it better? Short trainings decide.

1. Every rate is trained once, on the same data, on the planned schedule shortened to the budget. A
   winner at an edge is followed by further rates beyond it.
2. The best two are trained again, on data in other orders, until one is surely better, both are
   surely alike, or the budget is over (see `lrtui.analysis.race_standing`).

The answer of the range test counts too: the further a rate is from it, the more it has to be better
(`lrtui.analysis.race.HANDICAP`). On the tasks that this was designed on (tests/bench/answers),
short trainings alone were no better than the test alone, and both together better than either.

A verdict holds for trainings as long as the trials. Short trainings favour rates that are too small
for long ones (short-horizon bias, Wu et al., arXiv 1803.02021), so a larger budget gives a more
reliable verdict.
"""

from collections.abc import Generator, Sequence
from typing import TypeAlias

from lrtui.analysis.answer import ANY_PLAN, Plan
from lrtui.analysis.race import FirstRound, Rates, final_steps, first_round
from lrtui.analysis.race_pairs import Results
from lrtui.analysis.race_standing import standing
from lrtui.analysis.race_verdict import Race, judge
from lrtui.engine.race.trial import RacePlan, Trial, TrialRunner, TrialStep

Trials: TypeAlias = Generator[TrialStep | Trial, None, Race]
_Trained: TypeAlias = Generator[TrialStep | Trial, None, None]


class RaceStopped(Exception):  # noqa: N818 - an end, not an error
    """Thrown into the generator of a race, it ends it with the verdict of what was trained.

    Its text is the cause: "30 s were over".
    """


def race(runner: TrialRunner, rates: Rates, budget: int, plan: Plan = ANY_PLAN) -> Trials:
    """Race an answer against the rates around it; yields every step and every finished trial.

    Args:
        runner: trains.
        rates: the answer, and where the others may lie.
        budget: optimizer steps of the whole race.
        plan: the training that the answer is for; trials are a shorter one of its kind.

    Raises:
        ValueError: a budget that is too small for three rates.
    """
    return _Contest(runner, rates, budget, plan).run()


class _Contest:
    """A race in progress: what it was given, and the trials so far."""

    def __init__(self, runner: TrialRunner, rates: Rates, budget: int, plan: Plan) -> None:
        self.runner = runner
        self.rates = rates
        self.budget = budget
        self.plan = plan
        self.first = first_round(rates, budget, plan.steps)
        self.trials: list[Trial] = []
        self.pair_steps = 0  # of each trial of a pair; 0: in the first round
        self.cause = ""

    @property
    def left(self) -> int:
        """Optimizer steps that are left of the budget."""
        return self.budget - sum(trial.iterations for trial in self.trials)

    def run(self) -> Trials:
        """Both parts of the race, and its verdict."""
        try:
            yield from self.all_once()
            yield from self.beyond_the_edges()
            yield from self.pairs()
        except RaceStopped as stopped:
            self.cause = str(stopped)
        return judge(
            self.trials,
            self.rates.lr,
            suggested=self.rates.suggested,
            ceiling=self.rates.ceiling,
            planned_steps=self.plan.steps,
            needed=missing_steps(self.first, self.trials),
            cause=self.cause,
        )

    def results(self) -> Results:
        """What the trials so far reached."""
        return Results(self.trials, self.rates.suggested, self.plan.steps)

    def allowed(self) -> RacePlan:
        """What the budget allows, those done included; a race that is decided ends earlier."""
        tried = {trial.lr for trial in self.trials}
        missing = [lr for lr in self.first.rates if lr not in tried]
        left = max(0, self.left - len(missing) * self.first.steps)
        steps = self.pair_steps or final_steps(self.first.steps, left, self.plan.steps)
        return RacePlan(self.budget, len(self.trials) + len(missing) + left // steps)

    def train(self, lr: float, steps: int, *, round: int, seed: int) -> _Trained:
        """One trial."""
        allowed = self.allowed()
        trial = yield from self.runner.trial(
            lr, steps, self.plan, round=round, seed=seed, race=allowed
        )
        self.trials.append(trial)
        yield trial

    def all_once(self) -> _Trained:
        """The first round."""
        for lr in self.first.rates:
            yield from self.train(lr, self.first.steps, round=0, seed=0)

    def beyond_the_edges(self) -> _Trained:
        """Further rates beyond an edge that wins, as long as a pair can be paid for afterwards."""
        while True:
            further = self.further_rates()
            affordable = self.left // self.first.steps - 2
            if not further or affordable < 1:
                return
            for lr in further[:affordable]:
                yield from self.train(lr, self.first.steps, round=0, seed=0)

    def further_rates(self) -> list[float]:
        """Rates beyond the edge that wins; below the lowest one where all blew up."""
        results = self.results()
        lowest, highest = results.tried[0], results.tried[-1]
        order = results.by_first_loss()
        if not order:
            return self.rates.beyond(lowest, above=False)
        winner = order[0]
        if winner == lowest and results.leads_at_edge(results.tried[:2]):
            return self.rates.beyond(lowest, above=False)
        if winner == highest and results.leads_at_edge(results.tried[:-3:-1]):
            return self.rates.beyond(highest, above=True)
        return []

    def pairs(self) -> _Trained:
        """Trials of the best two, one more pair at a time, until they are decided."""
        steps = final_steps(self.first.steps, self.left, self.plan.steps)
        self.pair_steps = steps
        while True:
            results = self.results()
            now = standing(results, self.rates.lr)
            if now is None or now.undecided is None:
                return
            seed, missing = next_pair(results, now.champion, now.undecided.lr)
            if len(missing) * steps > self.left:
                return
            for lr in missing:
                yield from self.train(lr, steps, round=1, seed=seed)


def next_pair(results: Results, champion: float, rival: float) -> tuple[int, list[float]]:
    """The first data order that not both rates have had after the first round, and who lacks it."""
    seed = 1
    while True:
        missing = []
        for lr in (champion, rival):
            if (1, seed) not in results.losses[lr]:
                missing.append(lr)
        if missing:
            return seed, missing
        seed += 1


def missing_steps(first: FirstRound, trials: Sequence[Trial]) -> int:
    """Steps that the first round still needs, with a pair; 0 once it is complete."""
    tried = {trial.lr for trial in trials}
    missing = [lr for lr in first.rates if lr not in tried]
    if not missing:
        return 0
    return (len(missing) + 2) * first.steps
