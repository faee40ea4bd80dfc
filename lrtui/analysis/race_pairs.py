"""Two rates compared: differences of their losses on the same data, and how sure they are."""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lrtui.analysis.race import (
    CONFIDENCE,
    EDGE_LEAD,
    HANDICAP,
    LONGER,
    OF_FALL,
    OF_LOSS,
    PRIOR_NOISE,
    PRIOR_PAIRS,
    Trial,
)


class Scale(NamedTuple):
    """The unit of differences: log(loss) where all losses are positive, else shares of the fall.

    Attributes:
        logarithmic: whether differences are of log(loss).
        fall: how much lower the best loss is than the first one.
        tolerance: a difference of at most this does not matter.
    """

    logarithmic: bool
    fall: float
    tolerance: float

    def difference(self, loss: float, other: float) -> float:
        """How much worse `loss` is than `other`."""
        if self.logarithmic:
            return math.log(loss / other)
        return (loss - other) / self.fall

    def per_cent(self, difference: float) -> float:
        """A difference in per cent: of the loss, or of its fall."""
        if not self.logarithmic:
            return 100 * difference
        return 100 * math.expm1(min(difference, 20.0))

    @property
    def unit(self) -> str:
        """What the per cents are of, in words."""
        return "" if self.logarithmic else " of the fall"


class Noise(NamedTuple):
    """Standard deviation of the difference of one pair, and its degrees of freedom."""

    deviation: float
    freedom: float

    def half_width(self, pairs: int) -> float:
        """Half of the interval of the mean of so many pairs."""
        if self.freedom <= 0:
            return math.inf
        return student(self.freedom) * self.deviation / math.sqrt(pairs)


class Comparison(NamedTuple):
    """How much worse one rate is than another: the mean over pairs and its interval."""

    mean: float
    low: float
    high: float
    pairs: int
    handicap: float = 0.0  # what the test says; part of the three

    def is_worse(self) -> bool:
        """Surely worse."""
        return self.low > 0

    def is_alike(self, tolerance: float) -> bool:
        """Surely neither better nor worse by more than the tolerance."""
        return -tolerance <= self.low and self.high <= tolerance

    @property
    def apart(self) -> float:
        """The largest difference of losses that the interval allows."""
        return max(abs(self.low - self.handicap), abs(self.high - self.handicap))

    @property
    def measured(self) -> float:
        """The mean difference of losses, whatever the test says."""
        return self.mean - self.handicap


class Results:
    """What the trials of a race reached, rate by rate.

    Args:
        trials: all that are finished, in their order.
        answer: of the range test; the further a rate is from it, the more it has to be better.
            None: the trials alone count.
        planned_steps: of the training that the answer is for; 0: not said.
    """

    def __init__(
        self, trials: Sequence[Trial], answer: float | None = None, planned_steps: int = 0
    ) -> None:
        self.trials = tuple(trials)
        self._answer = answer
        longest = max((trial.iterations for trial in trials), default=1)
        self._distance = max(1.0, planned_steps / (LONGER * max(longest, 1)))
        self.losses: dict[float, dict[tuple[int, int], float]] = {}
        for trial in trials:
            self.losses.setdefault(trial.lr, {})[trial.round, trial.seed] = trial.loss
        self.blown_up = {trial.lr for trial in trials if not math.isfinite(trial.loss)}
        self.tried = sorted(self.losses)
        self.alive = [lr for lr in self.tried if lr not in self.blown_up]
        self.scale = _scale([trial for trial in trials if trial.lr not in self.blown_up])

    def first_losses(self) -> dict[float, float]:
        """The loss of every rate that never blew up, in its first trial."""
        return {lr: next(iter(self.losses[lr].values())) for lr in self.alive}

    def by_first_loss(self) -> list[float]:
        """The rates that never blew up, the best one of the first round first; ties: lower."""
        first = self.first_losses()
        best = min(first.values(), default=0.0)

        def behind(lr: float) -> tuple[float, float]:
            return self.scale.difference(first[lr], best) + self.handicap(lr), lr

        return sorted(first, key=behind)

    def handicap(self, lr: float) -> float:
        """By how much a rate has to be better than the answer of the test."""
        if self._answer is None:
            return 0.0
        decades = math.log10(lr / self._answer)
        return HANDICAP * self._distance * decades**2 * self.scale.tolerance

    def leads_at_edge(self, edge_and_neighbour: Sequence[float]) -> bool:
        """Whether the loss still falls towards an edge."""
        edge, neighbour = edge_and_neighbour
        if neighbour in self.blown_up:
            return True
        ahead = self.differences(neighbour, edge)[0]
        return ahead > EDGE_LEAD * self.scale.tolerance

    def differences(self, lr: float, other: float) -> list[float]:
        """How much worse `lr` was than `other`, once for each data order that both had.

        The difference of their handicaps is included.
        """
        own, others = self.losses[lr], self.losses[other]
        handicap = self.handicap(lr) - self.handicap(other)
        shared = [at for at in own if at in others]
        return [self.scale.difference(own[at], others[at]) + handicap for at in shared]

    def measured_lead(self, lr: float, other: float) -> float:
        """How much better `lr` was than `other`, whatever the test says."""
        handicap = self.handicap(lr) - self.handicap(other)
        return handicap - statistics.fmean(self.differences(lr, other))

    def compare(self, lr: float, other: float, noise: Noise) -> Comparison:
        """How much worse `lr` is than `other`; they have at least one data order in common."""
        differences = self.differences(lr, other)
        mean = statistics.fmean(differences)
        half = noise.half_width(len(differences))
        handicap = self.handicap(lr) - self.handicap(other)
        return Comparison(mean, mean - half, mean + half, len(differences), handicap)

    def noise(self, champion: float) -> Noise:
        """The noise of one difference, from all pairs with the champion."""
        groups = []
        for lr in self.alive:
            if lr != champion:
                groups.append(self.differences(lr, champion))
        return noise_of(groups, self.scale.tolerance)


def noise_of(groups: Iterable[Sequence[float]], tolerance: float) -> Noise:
    """The noise within groups of differences, pooled, and with what is assumed before."""
    squares = PRIOR_PAIRS * (PRIOR_NOISE * tolerance) ** 2
    freedom = PRIOR_PAIRS
    for differences in groups:
        if len(differences) >= 2:
            mean = statistics.fmean(differences)
            squares += sum((difference - mean) ** 2 for difference in differences)
            freedom += len(differences) - 1
    if freedom <= 0:
        return Noise(math.inf, 0.0)
    return Noise(math.sqrt(squares / freedom), freedom)


def pairs_needed(noise: Noise, target: float, had: int) -> int:
    """How many pairs it takes until half of the interval is at most the target; more than `had`."""
    normal = student(1e9) * noise.deviation / target
    count = max(had + 1, math.floor(normal**2))
    while True:
        grown = Noise(noise.deviation, noise.freedom + count - had)
        if grown.half_width(count) <= target:
            return count
        count += 1 + count // 20


def student(freedom: float, confidence: float = CONFIDENCE) -> float:
    """Half of the central interval of Student's t; Abramowitz and Stegun 26.7.5 from 3 on."""
    p = (1 + confidence) / 2
    if freedom < 2:
        return math.tan(math.pi * (p - 0.5))
    if freedom < 3:
        return (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    z = statistics.NormalDist().inv_cdf(p)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _scale(trials: Sequence[Trial]) -> Scale:
    """The scale of trials that did not blow up.

    A loss that has hardly fallen is tolerated a share of its fall; one that has fallen far, where
    that would be a large ratio to the best loss, a share of the best loss.
    """
    losses = [trial.loss for trial in trials]
    first_losses = [trial.curve[0] for trial in trials if trial.curve]
    if not losses or not first_losses:
        return Scale(logarithmic=True, fall=0.0, tolerance=0.0)
    best = min(losses)
    fall = max(0.0, first_losses[0] - best)
    if best > 0:
        return Scale(True, fall, math.log1p(min(OF_FALL * fall / best, OF_LOSS)))
    return Scale(False, fall or 1.0, OF_FALL)
