"""The race of an answer against the rates around it: its numbers, its rates, its steps.

Every rate is trained once for a short while on the same data. The best two are then trained again,
on data in other orders, until it is known which is better (`race_pairs`, `race_standing`,
`race_verdict`).
"""

import math
from dataclasses import dataclass

import msgspec

# which rates are tried
STEP = 10 ** (1 / 3)  # the ratio of neighbouring rates
SIDE = 3  # at most so many rates on each side of the answer
WITHOUT_INTERVAL = 10.0  # without an interval the rates lie within this factor of the answer
INSIDE = 1.1  # a rate this much outside the interval still belongs to it
BEYOND = 1  # rates that are added at a time beyond an edge that wins
EDGE_LEAD = 0.5  # an edge wins if its neighbour is more than so many tolerances worse

# how the steps are spent
BUDGET = 1200  # where no budget is given
FIRST_SHARE = 0.5  # of the budget, for the first round
MIN_STEPS = 10  # a shorter trial measures only the noise of its start
LEAST_RATES = 3
ROOM = 3.5  # trials of the first round are as short as if there were so many rates
FINAL_PAIRS = 3  # the rest of the budget is divided into so many pairs of longer trials
MIN_PAIRS = 2  # of trials of the best two, the first round's included, before anything is decided

# what the test says: a rate d decades from its answer has to be better by HANDICAP · d² tolerances;
# by more, in proportion, where the planned training has over LONGER times the steps of a trial,
# which then says less about it
HANDICAP = 12.0
LONGER = 2.0

# when two rates are alike: a difference matters above a share of the fall and of the best loss
OF_FALL, OF_LOSS = 0.05, 0.05
CONFIDENCE = 0.9  # of the interval of a difference
PRIOR_PAIRS, PRIOR_NOISE = 1.0, 1.0  # noise assumed before the first pair: its weight; tolerances
ANSWER_STAYS = 2.0  # the answer races against the winner if it is at most so many tolerances worse
OPEN_LEAD = 1.0  # of rates that are not told apart, the better one leads by so many tolerances

# the margin to the cliff
CLIFF = 1.05 * STEP  # a rate is too near one that blew up if the ratio of both is at most this
CLIFF_COST = 2.0  # tolerances that the lower neighbour may be worse

SURE_UP_TO = 10  # times the steps of the longest trial; nothing is sure of a longer training
SURE_WITHIN = 0.35  # decades between the answer of the test and that of the race


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A finished short training.

    Attributes:
        lr: the learning rate, or the peak of the schedule.
        round: 0 for the first round, 1 for the pairs after it.
        seed: of the order of the data.
        iterations: optimizer steps.
        loss: at the end; inf if it blew up.
        curve: the training loss of every step.
    """

    lr: float
    round: int
    seed: int
    iterations: int
    loss: float
    curve: tuple[float, ...]


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The answer and where the rates may lie that it races against.

    Attributes:
        lr: the rate that is raced: the answer, or one of the user's.
        suggested: the answer of the range test, which counts in the race; None: there is none.
        low: the lower end of its interval; None: none is known.
        high: the upper end.
        ceiling: no rate above it, but for the answer itself; None: no limit.
        factor: ratio of neighbouring rates.
    """

    lr: float
    suggested: float | None = None
    low: float | None = None
    high: float | None = None
    ceiling: float | None = None
    factor: float = STEP

    def first(self) -> list[float]:
        """The answer, then its neighbours, the nearest first and of two the lower one."""
        low, high = self._ends()
        highest = self.lr
        if self.ceiling is not None:
            highest = min(self.lr, self.ceiling)
        below, above = [], []
        for distance in range(1, SIDE + 1):
            ratio = self.factor**distance
            if distance == 1 or self.lr / ratio >= low / INSIDE:
                below.append(highest / ratio)
            if distance == 1 or self.lr * ratio <= high * INSIDE:
                above.append(self.lr * ratio)
        chosen = [self.lr]
        for distance in range(SIDE):
            chosen += below[distance : distance + 1]
            chosen += filter(self.is_allowed, above[distance : distance + 1])
        return chosen

    def beyond(self, edge: float, *, above: bool) -> list[float]:
        """The next rates beyond the lowest or the highest one that was tried."""
        direction = 1 if above else -1
        further = [edge * self.factor ** (direction * (count + 1)) for count in range(BEYOND)]
        return list(filter(self.is_allowed, further))

    def is_allowed(self, lr: float) -> bool:
        """Whether the rate is not above the ceiling."""
        return self.ceiling is None or lr <= self.ceiling

    def _ends(self) -> tuple[float, float]:
        low, high = self.low, self.high
        if low is None or high is None or not low <= self.lr <= high:
            return self.lr / WITHOUT_INTERVAL, self.lr * WITHOUT_INTERVAL
        return low, high


class FirstRound(msgspec.Struct, frozen=True):
    """The rates of the first round, and the steps of each of its trials."""

    rates: tuple[float, ...]
    steps: int

    @property
    def needed(self) -> int:
        """Steps of this round and of one pair after it, with which there is a first verdict."""
        return (len(self.rates) + 2) * self.steps


def first_round(rates: Rates, budget: int, longest: int = 0) -> FirstRound:
    """The first round that a budget allows: as many of the rates as get `MIN_STEPS`.

    Args:
        rates: see `Rates`.
        budget: optimizer steps of the whole race.
        longest: steps of the planned training, which no trial exceeds; 0: not said.

    Raises:
        ValueError: the budget is too small for three rates.
    """
    chosen = rates.first()
    check_budget(budget, min(LEAST_RATES, len(chosen)))
    share = int(budget * FIRST_SHARE)
    count = min(len(chosen), share // MIN_STEPS)
    steps = max(MIN_STEPS, int(share / max(count, ROOM)))
    if longest:
        steps = min(steps, longest)
    return FirstRound(tuple(chosen[:count]), steps)


def final_steps(first: int, left: int, longest: int = 0) -> int:
    """Steps of a trial after the first round: longer ones where what is left of the budget allows.

    Args:
        first: steps of a trial of the first round.
        left: optimizer steps that are left.
        longest: as for `first_round`.
    """
    steps = max(first, left // (2 * FINAL_PAIRS))
    if longest:
        steps = min(steps, longest)
    return steps


def budget_for(steps: int) -> int:
    """The budget with which every trial has at least so many steps, in whole hundreds."""
    most_rates = 2 * SIDE + 1
    return max(BUDGET, math.ceil(steps * most_rates / FIRST_SHARE / 100) * 100)


def least_budget(count: int = LEAST_RATES) -> int:
    """The smallest budget with which so many rates get `MIN_STEPS` and the best two a pair."""
    return max(math.ceil(count * MIN_STEPS / FIRST_SHARE), (count + 2) * MIN_STEPS)


def check_budget(budget: int, count: int = LEAST_RATES) -> None:
    """Raise ValueError for a budget that is too small for so many rates."""
    if budget < least_budget(count):
        raise ValueError(
            f"{budget} iterations are too few to race {count} learning rates: "
            f"{least_budget(count)} are the least"
        )
