"""The cells of the benchmark, their curves and their truth, which are measured once and cached."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from lrtui.analysis.curve import FloatArray

from .tasks import TASKS, Task
from .training import OPTIMIZERS, RatesAndLosses, range_test, validation_loss
from .wider import WIDER

SCHEDULES = ("constant", "onecycle")
PARTS = ("Designed on", "Held out", "Wider")
REPEATS = 3
CURVE_SEEDS = tuple(range(9))  # three groups of three repeats
TRUTH_SEEDS = (100, 101, 102)  # of trainings that share no seed with the curves
CACHE = Path(tempfile.gettempdir()) / "lrtui-answers"


@dataclass(frozen=True)
class Cell:
    """One task with one optimizer, batch size and schedule."""

    task: Task
    optimizer: str
    batch_size: int
    schedule: str
    part: str

    @property
    def name(self) -> str:
        return f"{self.task.name}-{self.optimizer}-{self.batch_size}-{self.schedule}"

    def grid(self) -> FloatArray:
        """The rates at which the truth is measured: six a decade, within this optimizer's range."""
        highest = 0
        if self.optimizer in ("sgd", "momentum"):
            highest = 1
        rates: FloatArray = 10.0 ** (highest + np.arange(-24, 1) / 6)
        return rates

    def curves(self, num_iter: int = 100) -> list[RatesAndLosses]:
        """(lrs, raw losses) of one range test for each seed; the schedules of a task share them."""

        def measure() -> FloatArray:
            table = np.full((len(CURVE_SEEDS), 2, num_iter), np.nan)
            for row, seed in zip(table, CURVE_SEEDS, strict=True):
                lrs, losses = range_test(self.task, self.optimizer, self.batch_size, seed, num_iter)
                row[:, : len(lrs)] = lrs, losses
            return table

        name = f"{self.task.name}-{self.optimizer}-{self.batch_size}-curves-{num_iter}"
        curves = []
        for lrs, losses in cached(name, measure):
            measured = ~np.isnan(lrs)
            curves.append((lrs[measured], losses[measured]))
        return curves

    def truth(self) -> FloatArray:
        """Validation loss after a short training: an array [rate of the grid, seed]."""

        def measure() -> FloatArray:
            losses = np.empty((len(self.grid()), len(TRUTH_SEEDS)))
            for row, lr in zip(losses, self.grid(), strict=True):
                for column, seed in enumerate(TRUTH_SEEDS):
                    row[column] = validation_loss(
                        self.task, self.optimizer, self.batch_size, seed, lr, self.schedule
                    )
            return losses

        return cached(f"{self.name}-truth-{len(self.grid())}", measure)


def cached(name: str, measure: Callable[[], FloatArray]) -> FloatArray:
    """What `measure` returned the first time."""
    CACHE.mkdir(exist_ok=True)
    path = CACHE / f"{name}.npy"
    if not path.exists():
        np.save(path, measure())
    array: FloatArray = np.load(path)
    return array


def cells() -> list[Cell]:
    """The five tasks × optimizers × schedules, a third of them held out of the design."""
    return list(crossed(TASKS, design_part))


def wider_cells() -> list[Cell]:
    """The twelve further tasks, crossed in the same way."""
    return list(crossed(WIDER, lambda i, j, k: "Wider"))


def design_part(task: int, optimizer: int, schedule: int) -> str:
    """Whether the method was designed on a cell, by the indices of what it combines."""
    if (task + 2 * optimizer + schedule) % 3 == 0:
        return "Held out"
    return "Designed on"


def crossed(tasks: Sequence[Task], part_of: Callable[[int, int, int], str]) -> Iterator[Cell]:
    """Each task with each optimizer and schedule; the two batch sizes alternate."""
    for (i, task), (j, optimizer), (k, schedule) in product(
        enumerate(tasks), enumerate(OPTIMIZERS), enumerate(SCHEDULES)
    ):
        batch_size = task.batch_sizes[(i + j) % 2]
        yield Cell(task, optimizer, batch_size, schedule, part_of(i, j, k))
