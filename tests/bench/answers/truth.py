"""How good a rate is in a cell, and the marks of a method for its rates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrtui.analysis.curve import FloatArray

from .cells import Cell

GOOD = 1.2  # a rate is good when its validation loss is at most this many times the best
HOPELESS = 2.0  # times the loss before training: what a diverged training counts as


@dataclass(frozen=True)
class Truth:
    """Geometric mean of the validation loss over seeds, interpolated linearly on log-log axes.

    It is averaged over each rate and its two neighbours with weights ¼, ½, ¼. Otherwise the lowest
    of 25 means of three seeds would be low by chance, and no other rate would count as good.
    """

    log_lr: FloatArray
    log_loss: FloatArray

    @classmethod
    def of(cls, cell: Cell) -> "Truth":
        first_losses = [losses[0] for _, losses in cell.curves()]
        capped = np.fmin(cell.truth(), HOPELESS * np.mean(first_losses))
        padded = np.pad(np.log(capped).mean(1), 1, mode="edge")
        return cls(np.log10(cell.grid()), np.convolve(padded, [0.25, 0.5, 0.25], "valid"))

    @property
    def best(self) -> float:
        """log10 of the rate of the grid with the lowest loss."""
        return float(self.log_lr[self.log_loss.argmin()])

    def ratio(self, lr: float) -> float:
        """Validation loss after training at `lr`, divided by the best."""
        return float(
            np.exp(np.interp(np.log10(lr), self.log_lr, self.log_loss) - self.log_loss.min())
        )


@dataclass(frozen=True)
class Answer:
    """One answer in one cell: a rate or none, an interval if there is one, and the cost."""

    lr: float | None
    low: float | None
    high: float | None
    iterations: int


@dataclass(frozen=True)
class Marks:
    """The marks of one method over several cells, each answered several times from other seeds."""

    spread: float
    offset: float
    offset_sd: float
    good: float
    ratio: float
    worst: float
    refused: float
    covered: float
    width: float
    iterations: float

    @classmethod
    def of(cls, answers: Sequence[tuple[Truth, Sequence[Answer]]]) -> "Marks":
        spreads: list[float] = []
        offsets: list[float] = []
        ratios: list[float] = []
        covered: list[bool] = []
        widths: list[float] = []
        iterations: list[int] = []
        for truth, group in answers:
            rates = [answer.lr for answer in group if answer.lr]
            if len(rates) > 1:
                spreads.append(np.log(max(rates) / min(rates)))
            for lr in rates:
                offsets.append(np.log10(lr) - truth.best)
                ratios.append(truth.ratio(lr))
            for answer in group:
                iterations.append(answer.iterations)
                if answer.lr and answer.low and answer.high:
                    low, high = np.log10(answer.low), np.log10(answer.high)
                    covered.append(low <= truth.best <= high)
                    widths.append(high - low)
        total = len(iterations)
        return cls(
            spread=float(np.exp(mean(spreads))),
            offset=float(np.mean(offsets)),
            offset_sd=float(np.std(offsets)),
            good=float((np.array(ratios) <= GOOD).sum() / total),
            ratio=float(np.exp(np.log(ratios).mean())),
            worst=float(np.max(ratios, initial=0)),
            refused=1 - len(ratios) / total,
            covered=mean(covered),
            width=mean(widths),
            iterations=mean(iterations),
        )

    def row(self, name: str) -> str:
        """A line of the table under `HEADER`."""
        spread, interval = f"{'–':>6}", f"{'–':>7} {'–':>6}"
        if np.isfinite(self.spread):
            spread = f"{self.spread:6.2f}"
        if np.isfinite(self.covered):
            interval = f"{self.covered:7.0%} {self.width:6.2f}"
        return (
            f"{name:32} {spread}  {self.offset:+5.2f} ±{self.offset_sd:4.2f}  {self.good:5.0%}  "
            f"{self.ratio:5.2f} {self.worst:6.1f}  {self.refused:6.0%}  {interval}  "
            f"{self.iterations:6.0f}"
        )


def mean(values: Sequence[float]) -> float:
    """The mean; nan without values."""
    if not values:
        return math.nan
    return float(np.mean(values))


HEADER = (
    f"{'':32} {'spread':>6}  {'offset (decades)':>12}  {'good':>3}  {'loss':>5} {'worst':>6}  "
    f"{'refuse':>6}  {'covered':>7} {'width':>6}  {'cost':>6}"
)
