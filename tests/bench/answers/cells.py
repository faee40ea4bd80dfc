"""The cells of the benchmark, their curves and their truth; what was measured is kept on disk and measured once."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from .tasks import TASKS, Task
from .training import OPTIMIZERS, range_test, validation_loss
from .wider import WIDER

SCHEDULES = ("constant", "onecycle")
PARTS = ("Designed on", "Held out", "Wider")
REPEATS = 3
CURVE_SEEDS = tuple(range(9))  # three groups of three repeats
TRUTH_SEEDS = (100, 101, 102)  # trainings that the curves know nothing of
CACHE = Path(tempfile.gettempdir()) / "lrtui-answers"


@dataclass(frozen=True)
class Cell:
    """One task with one optimizer and batch size, to be trained under one schedule."""

    task: Task
    optimizer: str
    batch_size: int
    schedule: str
    part: str

    @property
    def name(self) -> str:
        return f"{self.task.name}-{self.optimizer}-{self.batch_size}-{self.schedule}"

    def grid(self) -> np.ndarray:
        """The rates at which the truth is measured: six a decade, where this kind of optimizer can work at all."""
        top = 1 if self.optimizer in ("sgd", "momentum") else 0
        return 10.0 ** (top + np.arange(-24, 1) / 6)

    def curves(self, num_iter: int = 100) -> list[tuple[np.ndarray, np.ndarray]]:
        """(lrs, raw losses) of one range test for each seed; the schedules of a task share them."""

        def measure() -> np.ndarray:
            table = np.full((len(CURVE_SEEDS), 2, num_iter), np.nan)
            for row, seed in zip(table, CURVE_SEEDS, strict=True):
                lrs, losses = range_test(self.task, self.optimizer, self.batch_size, seed, num_iter)
                row[:, : len(lrs)] = lrs, losses
            return table

        name = f"{self.task.name}-{self.optimizer}-{self.batch_size}-curves-{num_iter}"
        return [tuple(row[:, ~np.isnan(row[0])]) for row in kept(name, measure)]

    def truth(self) -> np.ndarray:
        """Validation loss after a short training, [rate of the grid, seed]."""

        def measure() -> np.ndarray:
            return np.array(
                [
                    [
                        validation_loss(
                            self.task, self.optimizer, self.batch_size, seed, lr, self.schedule
                        )
                        for seed in TRUTH_SEEDS
                    ]
                    for lr in self.grid()
                ]
            )

        return kept(f"{self.name}-truth-{len(self.grid())}", measure)


def kept(name: str, measure: Callable[[], np.ndarray]) -> np.ndarray:
    """What `measure` returned the first time."""
    CACHE.mkdir(exist_ok=True)
    path = CACHE / f"{name}.npy"
    if not path.exists():
        np.save(path, measure())
    return np.load(path)


def cells() -> list[Cell]:
    """The five tasks × optimizer × schedule; batch sizes alternate, and each third cell is held out of the design."""
    return [
        Cell(*place, "Held out" if (i + 2 * j + k) % 3 == 0 else "Designed on")
        for (i, j, k), place in crossed(TASKS)
    ]


def wider_cells() -> list[Cell]:
    """The twelve further tasks, crossed in the same way."""
    return [Cell(*place, "Wider") for _, place in crossed(WIDER)]


def crossed(
    tasks: Sequence[Task],
) -> Iterator[tuple[tuple[int, int, int], tuple[Task, str, int, str]]]:
    for (i, task), (j, optimizer), (k, schedule) in product(
        enumerate(tasks), enumerate(OPTIMIZERS), enumerate(SCHEDULES)
    ):
        yield (i, j, k), (task, optimizer, task.batch_sizes[(i + j) % 2], schedule)
