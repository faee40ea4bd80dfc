"""What a rate is worth in a cell, and the marks that a way of answering gets for its rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .cells import Cell

GOOD = 1.2  # a rate is good when its validation loss is at most this many times the best
HOPELESS = 2.0  # times the loss before training: where a diverged training is counted


@dataclass(frozen=True)
class Truth:
    """Geometric mean over seeds of the validation loss, linear between the rates of the grid on log-log axes.

    It is averaged over each rate and its two neighbours (weights ¼, ½, ¼): the lowest of 25 means of three seeds would
    be a lucky one, and no rate but itself good.
    """

    log_lr: np.ndarray
    log_loss: np.ndarray

    @classmethod
    def of(cls, cell: Cell) -> "Truth":
        first_losses = [losses[0] for _, losses in cell.curves()]
        capped = np.fmin(cell.truth(), HOPELESS * np.mean(first_losses))
        padded = np.pad(np.log(capped).mean(1), 1, mode="edge")
        return cls(np.log10(cell.grid()), np.convolve(padded, [0.25, 0.5, 0.25], "valid"))

    @property
    def best(self) -> float:
        """Log10 of the rate of the grid that ends with the lowest loss."""
        return float(self.log_lr[self.log_loss.argmin()])

    def ratio(self, lr: float) -> float:
        """Validation loss after training at `lr`, divided by the best."""
        return float(
            np.exp(np.interp(np.log10(lr), self.log_lr, self.log_loss) - self.log_loss.min())
        )


@dataclass(frozen=True)
class Answer:
    """One answer in one cell: a rate or none, perhaps an interval, and what it cost."""

    lr: float | None
    low: float | None
    high: float | None
    iterations: int


@dataclass(frozen=True)
class Marks:
    """One way of answering over several cells, each answered several times from other seeds."""

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
        given = [(truth, answer) for truth, group in answers for answer in group if answer.lr]
        total = sum(len(group) for _, group in answers)
        rates = [[a.lr for a in group if a.lr] for _, group in answers]
        spreads = [np.log(max(lrs) / min(lrs)) for lrs in rates if len(lrs) > 1]
        offsets = [np.log10(a.lr) - truth.best for truth, a in given]
        ratios = np.array([truth.ratio(a.lr) for truth, a in given])
        intervals = [
            (truth.best, np.log10(a.low), np.log10(a.high))
            for truth, a in given
            if a.low and a.high
        ]
        return cls(
            spread=float(np.exp(np.mean(spreads))) if spreads else np.nan,
            offset=float(np.mean(offsets)),
            offset_sd=float(np.std(offsets)),
            good=float((ratios <= GOOD).sum() / total),
            ratio=float(np.exp(np.log(ratios).mean())),
            worst=float(ratios.max(initial=0)),
            refused=1 - len(given) / total,
            covered=float(np.mean([low <= best <= high for best, low, high in intervals]))
            if intervals
            else np.nan,
            width=float(np.mean([high - low for _, low, high in intervals]))
            if intervals
            else np.nan,
            iterations=float(np.mean([a.iterations for _, group in answers for a in group])),
        )

    def row(self, name: str) -> str:
        interval = (
            f"{self.covered:7.0%} {self.width:6.2f}"
            if np.isfinite(self.covered)
            else f"{'–':>7} {'–':>6}"
        )
        spread = f"{self.spread:6.2f}" if np.isfinite(self.spread) else f"{'–':>6}"
        return (
            f"{name:32} {spread}  {self.offset:+5.2f} ±{self.offset_sd:4.2f}  {self.good:5.0%}  "
            f"{self.ratio:5.2f} {self.worst:6.1f}  {self.refused:6.0%}  {interval}  {self.iterations:6.0f}"
        )


HEADER = (
    f"{'':32} {'spread':>6}  {'offset (decades)':>12}  {'good':>3}  {'loss':>5} {'worst':>6}  {'refuse':>6}  "
    f"{'covered':>7} {'width':>6}  {'cost':>6}"
)
