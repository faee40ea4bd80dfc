"""The cells of the benchmark: a task with an optimizer, its range tests and its truth.

The truth is in the repository, one JSON file a cell in `truth/`, with the seeds that it was trained
from. `python -m tests.bench.answers.cells` measures what is missing; on one core the whole takes
about two hours. Range tests take a few minutes and are cached in the temporary folder.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import torch

from lrtui.engine.tracker import Tracker

from .ensemble import SCHEDULES, Ensemble, FloatArray
from .tasks import TASKS, Task

SEEDS = (0, 1, 2)  # of range tests and races
TRUTH_SEEDS = (100, 101, 102)  # of trainings that share no seed with them
SHORT, LONG = 300, 3000  # steps of the trainings of the truth
STEP = 0.25  # decades between the rates of the truth
BELOW, ABOVE = 1.0, 0.25  # decades around the best short rate that long trainings try at first
MORE = 2  # rates that are added beyond an edge that is best
START_LR, END_LR = 1e-7, 10.0  # of a range test
DIVERGE_TH, SMOOTH_F = 5.0, 0.05
FOLDER = Path(__file__).parent / "truth"
CACHE = Path(tempfile.gettempdir()) / "lrtui-range-tests"


class Trainings(msgspec.Struct, frozen=True):
    """Validation loss of trainings of one length and schedule.

    `losses` has a row for each rate and a column for each seed; None stands for a divergence.
    """

    steps: int
    schedule: str
    lrs: list[float]
    losses: list[list[float | None]]


class TruthFile(msgspec.Struct, frozen=True):
    """What is stored of a cell. `first` is the validation loss before training."""

    task: str
    optimizer: str
    torch: str
    seeds: list[int]
    first: float
    trainings: list[Trainings]


@dataclass(frozen=True)
class Cell:
    """One task with one optimizer."""

    task: Task
    optimizer: str

    @property
    def name(self) -> str:
        return f"{self.task.name}-{self.optimizer}"

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.json"

    @property
    def uses_sgd(self) -> bool:
        return self.optimizer in ("sgd", "momentum")

    @cached_property
    def stored(self) -> TruthFile:
        """The truth, as it is in the repository."""
        return msgspec.json.decode(self.path.read_bytes(), type=TruthFile)

    def grid(self) -> FloatArray:
        """log10 of the rates of short trainings: four a decade."""
        highest = 1.25 if self.uses_sgd else 0.25
        return np.arange(-5, highest + STEP / 2, STEP)

    def range_tests(self, num_iter: int) -> list[tuple[FloatArray, FloatArray]]:
        """Rates and raw losses of a range test for each of `SEEDS`."""
        CACHE.mkdir(exist_ok=True)
        path = CACHE / f"{self.name}-{num_iter}.npy"
        lrs = np.geomspace(START_LR, END_LR, num_iter)
        if not path.exists():
            np.save(path, Ensemble(self.task, self.optimizer, SEEDS).ramp(lrs))
        tests = []
        for losses in np.load(path):
            count = count_until_stop(losses)
            tests.append((lrs[:count], losses[:count]))
        return tests

    def measure(self) -> None:
        """Train the truth and store it."""
        probe = Ensemble(self.task, self.optimizer, TRUTH_SEEDS)
        first = float(probe.validation_loss().mean())
        trainings: list[Trainings] = []
        for schedule in SCHEDULES:
            short = self.trainings(list(self.grid()), SHORT, schedule)
            trainings.append(short)
            if schedule != "cosine":
                trainings.append(self.long_trainings(short))
        truth = TruthFile(
            task=self.task.name,
            optimizer=self.optimizer,
            torch=str(torch.__version__),
            seeds=list(TRUTH_SEEDS),
            first=first,
            trainings=trainings,
        )
        FOLDER.mkdir(exist_ok=True)
        self.path.write_bytes(msgspec.json.encode(truth) + b"\n")

    def long_trainings(self, short: Trainings) -> Trainings:
        """Trainings of `LONG` steps around the best rate, further where an edge is the best."""
        grid = list(self.grid())
        best = grid[best_row(short.losses)]
        rates = [log_lr for log_lr in grid if best - BELOW <= log_lr <= best + ABOVE + 1e-9]
        long = self.trainings(rates, LONG, short.schedule)
        for _ in range(3):
            row = best_row(long.losses)
            if row == 0:
                new = [rates[0] - STEP * step for step in range(MORE, 0, -1)]
                long = joined(self.trainings(new, LONG, short.schedule), long)
                rates = new + rates
            elif row == len(rates) - 1:
                new = [rates[-1] + STEP * step for step in range(1, MORE + 1)]
                long = joined(long, self.trainings(new, LONG, short.schedule))
                rates = rates + new
            else:
                break
        return long

    def trainings(self, log_lrs: Sequence[float], steps: int, schedule: str) -> Trainings:
        """Train at each rate with each seed."""
        lrs = [float(10**log_lr) for log_lr in log_lrs]
        count = len(TRUTH_SEEDS)
        ensemble = Ensemble(self.task, self.optimizer, TRUTH_SEEDS * len(lrs))
        warmup = int(self.task.warmup * steps)
        losses = ensemble.trained(list(np.repeat(lrs, count)), steps, schedule, warmup)
        rows: list[list[float | None]] = []
        for row in losses.reshape(-1, count):
            rows.append([float(f"{loss:.5g}") if np.isfinite(loss) else None for loss in row])
        return Trainings(steps, schedule, [float(f"{lr:.6g}") for lr in lrs], rows)


def best_row(losses: Sequence[Sequence[float | None]]) -> int:
    """The row with the lowest mean loss."""
    means = [np.mean([np.inf if loss is None else loss for loss in row]) for row in losses]
    return int(np.argmin(means))


def joined(lower: Trainings, higher: Trainings) -> Trainings:
    """Both, from the lowest rate to the highest."""
    return Trainings(
        lower.steps, lower.schedule, lower.lrs + higher.lrs, lower.losses + higher.losses
    )


def count_until_stop(losses: FloatArray) -> int:
    """How many losses a test with the default stop criterion has."""
    tracker = Tracker(SMOOTH_F, DIVERGE_TH)
    for i, loss in enumerate(losses):
        tracker.add(float(loss))
        if tracker.diverged or not np.isfinite(loss):
            return i + 1
    return len(losses)


def all_cells(name_part: str = "") -> list[Cell]:
    """The cells of all tasks, designed ones first; or those whose name contains a text."""
    cells = []
    for task in TASKS:
        for optimizer in task.optimizers:
            cell = Cell(task, optimizer)
            if name_part in cell.name:
                cells.append(cell)
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cell", default="", help="only cells whose name contains this")
    parser.add_argument("--part", default="1/1", help="1/2 and 2/2 share the work of two processes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    part, parts = map(int, options.part.split("/"))
    for cell in all_cells(options.cell)[part - 1 :: parts]:
        if not cell.path.exists():
            print(cell.name, flush=True)
            cell.measure()


if __name__ == "__main__":
    main()
