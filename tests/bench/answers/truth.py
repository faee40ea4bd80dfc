"""How good a rate is for a training, from the stored trainings."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from .cells import Cell, Trainings
from .ensemble import FloatArray

GOOD = 1.2  # a rate is good when its validation loss is at most this many times the best
BAND = 0.05  # a rate is in the band when its regret is at most this
NEIGHBOURS = (1 / 6, 2 / 3, 1 / 6)  # weights of the rates below, at and above
WITHIN = 1.05  # an interval covers when it has a rate with at most this many times the best loss


@dataclass(frozen=True)
class Truth:
    """Validation loss over log10(lr), after one schedule of so many steps.

    The mean over the seeds, interpolated linearly over log10(lr); of logarithms where all losses
    are positive. It is averaged over each rate and its two neighbours: otherwise the lowest of many
    means of three seeds would be low by chance, and no other rate would count as good. A training
    counts as at most as far above the untrained loss as the best one is below it.

    Attributes:
        log_lr: of the rates that were trained.
        scaled_loss: mean loss at each of them, or its logarithm.
        first: the loss before training.
        is_positive: whether `scaled_loss` holds logarithms.
    """

    log_lr: FloatArray
    scaled_loss: FloatArray
    first: float
    is_positive: bool

    @classmethod
    def of(cls, cell: Cell, steps: int, schedule: str) -> "Truth":
        """The truth of a cell; ValueError where it was not measured."""
        return truth_of(cell.name, cell, steps, schedule)

    def loss(self, log_lr: float) -> float:
        """The mean loss at a rate; outside the rates that were trained, that of the nearest."""
        scaled = float(np.interp(log_lr, self.log_lr, self.scaled_loss))
        if self.is_positive:
            return float(np.exp(scaled))
        return scaled

    @property
    def best(self) -> float:
        """log10 of the best rate."""
        return float(self.log_lr[self.scaled_loss.argmin()])

    @property
    def best_loss(self) -> float:
        return self.loss(self.best)

    def regret(self, log_lr: float) -> float:
        """The share of the best fall of the loss that a rate misses: 0 is best, 1 is no fall."""
        best = self.best_loss
        return (self.loss(log_lr) - best) / (self.first - best)

    def ratio(self, log_lr: float) -> float:
        """Loss ÷ best loss where losses are positive, else 1 plus four times the regret.

        The latter has the same limits of good and in band.
        """
        return self.ratio_of(self.loss(log_lr))

    def ratio_of(self, loss: float) -> float:
        """The same of a loss that was reached in another way."""
        best = self.best_loss
        if self.is_positive:
            return loss / best
        return 1 + (GOOD - 1) / BAND * (loss - best) / (self.first - best)

    def is_good(self, log_lr: float) -> bool:
        return self.ratio(log_lr) <= GOOD

    def is_in_band(self, log_lr: float) -> bool:
        return self.regret(log_lr) <= BAND

    def within(self, low: float, high: float) -> bool:
        """Whether an interval of log10(lr) has a rate within 5 % of the best loss."""
        return any(self.ratio(log_lr) <= WITHIN for log_lr in fine_grid(low, high))

    def share_good(self, low: float, high: float) -> float:
        """The share of an interval's rates that are good."""
        return float(np.mean([self.is_good(log_lr) for log_lr in fine_grid(low, high)]))

    def distance(self, log_lr: float) -> float:
        """Decades from a rate to the nearest one within 5 % of the best loss."""
        near = [
            other
            for other in fine_grid(float(self.log_lr[0]), float(self.log_lr[-1]))
            if self.ratio(other) <= WITHIN
        ]
        return float(np.abs(np.array(near) - log_lr).min())


def fine_grid(low: float, high: float) -> FloatArray:
    """Rates about a fiftieth of a decade apart, both ends included."""
    return np.linspace(low, high, max(2, int(np.ceil((high - low) * 50)) + 1))


@cache
def truth_of(name: str, cell: Cell, steps: int, schedule: str) -> Truth:
    """`Truth.of`, computed once: `name` stands for the cell."""
    stored = cell.stored
    for trainings in stored.trainings:
        if (trainings.steps, trainings.schedule) == (steps, schedule):
            return from_trainings(trainings, stored.first)
    raise ValueError(f"{name}: {steps} steps of {schedule} were not measured")


def from_trainings(trainings: Trainings, first: float) -> Truth:
    """The truth of trainings of one length and schedule."""
    rows = []
    for row in trainings.losses:
        rows.append([np.nan if loss is None else loss for loss in row])
    losses = np.array(rows)
    lowest = float(np.nanmin(losses))
    capped = np.fmin(losses, first + (first - lowest))
    is_positive = lowest > 0
    scaled = np.log(capped) if is_positive else capped
    padded = np.pad(scaled.mean(1), 1, mode="edge")
    smoothed = np.convolve(padded, NEIGHBOURS, "valid")
    return Truth(np.log10(trainings.lrs), smoothed, first, is_positive)
