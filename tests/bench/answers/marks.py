"""The marks of a method over cells, and the table that holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ensemble import FloatArray
from .methods import Answer
from .truth import Truth

BLOWN_UP = 1.0  # regret from which on a training is worse than none


@dataclass(frozen=True)
class Marks:
    """The marks of one method. Tasks weigh alike, whatever their number of optimizers and seeds.

    Attributes:
        steps: spent before the training, on average.
        good: share of answers with at most 1.2 × the best loss; a refusal is not good.
        band: share with a regret of at most 0.05.
        regret: mean regret of the answers that are not refusals.
        worst: the largest.
        blow_ups: answers that train to a higher loss than there was before training.
        coverage: share of intervals that have a rate within 5 % of the best loss.
        width: mean width of the intervals in decades.
        inside: mean share of an interval's rates that are good.
        refused: share of refusals.
    """

    steps: float
    good: float
    band: float
    regret: float
    worst: float
    blow_ups: int
    coverage: float
    width: float
    inside: float
    refused: float


@dataclass(frozen=True)
class Marked:
    """One answer with the truth that it is judged by, and its task."""

    task: str
    kind: str
    truth: Truth
    answer: Answer

    @property
    def regret(self) -> float | None:
        """The regret of the answer; None for a refusal."""
        best = self.truth.best_loss
        if self.answer.loss is not None:
            capped = min(self.answer.loss, 2 * self.truth.first - best)
            return (capped - best) / (self.truth.first - best)
        if self.answer.lr is None:
            return None
        return self.truth.regret(np.log10(self.answer.lr))

    @property
    def is_good(self) -> bool:
        if self.answer.loss is not None:
            return self.truth.ratio_of(self.answer.loss) <= 1.2
        return self.answer.lr is not None and self.truth.is_good(np.log10(self.answer.lr))

    @property
    def interval(self) -> tuple[float, float] | None:
        """log10 of both ends of the interval, if there is one."""
        if self.answer.low is None or self.answer.high is None:
            return None
        return float(np.log10(self.answer.low)), float(np.log10(self.answer.high))


def marks_of(marked: Sequence[Marked]) -> Marks:
    """The marks of one method's answers."""
    weights = task_weights(marked)
    regrets = [one.regret for one in marked]
    given = [regret for regret in regrets if regret is not None]
    answered = np.array([regret is not None for regret in regrets])
    filled = np.array([np.nan if regret is None else regret for regret in regrets])
    with_interval = [one.interval is not None for one in marked]
    covered, widths, inside = [], [], []
    for one in marked:
        if one.interval is not None:
            covered.append(one.truth.within(*one.interval))
            widths.append(one.interval[1] - one.interval[0])
            inside.append(one.truth.share_good(*one.interval))
    of_intervals = weights[np.array(with_interval)]
    return Marks(
        steps=weighted([one.answer.steps for one in marked], weights),
        good=weighted([one.is_good for one in marked], weights),
        band=weighted(np.nan_to_num(filled, nan=np.inf) <= 0.05, weights),
        regret=weighted(filled[answered], weights[answered]),
        worst=max(given, default=np.nan),
        blow_ups=sum(regret > BLOWN_UP for regret in given),
        coverage=weighted(covered, of_intervals),
        width=weighted(widths, of_intervals),
        inside=weighted(inside, of_intervals),
        refused=weighted(~answered, weights),
    )


def task_weights(marked: Sequence[Marked]) -> FloatArray:
    """One for each task, shared by its answers."""
    counts: dict[str, int] = {}
    for one in marked:
        counts[one.task] = counts.get(one.task, 0) + 1
    return np.array([1 / counts[one.task] for one in marked])


def weighted(values: Sequence[float] | NDArray[Any], weights: FloatArray) -> float:
    """The weighted mean; nan without values."""
    if len(weights) == 0:
        return float("nan")
    return float(np.average(np.asarray(values, dtype=float), weights=weights))


HEADER = (
    f"{'':34} {'steps':>6} {'good':>6} {'band':>6} {'regret':>7} {'worst':>6} {'blow-ups':>8} "
    f"{'covered':>8} {'width':>6} {'inside':>7} {'refused':>8}"
)


def row(name: str, marks: Marks) -> str:
    """A line under `HEADER`."""
    line = (
        f"{name:34} {marks.steps:6.0f} {marks.good:6.0%} {marks.band:6.0%} {marks.regret:7.3f} "
        f"{marks.worst:6.2f} {marks.blow_ups:8d}"
    )
    if np.isnan(marks.coverage):
        return f"{line} {'–':>8} {'–':>6} {'–':>7} {marks.refused:8.0%}"
    return (
        f"{line} {marks.coverage:8.0%} {marks.width:6.2f} {marks.inside:7.0%} {marks.refused:8.0%}"
    )
