"""Writes `lrtui/analysis/calibration.json`, the table that intervals come from.

For each schedule: the shift from the reference rate of a curve to the answer, and for each length
of the range test how wide the interval must be. Each task is left out in its turn, with all its
optimizers and seeds; tasks weigh alike. Only the tasks that were designed on are used.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

import lrtui
from lrtui.analysis.answer import Plan, Schedule
from lrtui.analysis.calibration import HORIZON, Raced, Row, Table
from lrtui.analysis.evidence import gather_evidence
from lrtui.analysis.suggest import reference_rate

from .cells import SEEDS, Cell, FloatArray
from .marks import Marked, marks_of
from .methods import Method, curve_of
from .truth import Truth

TARGET = 0.92  # of tasks to be covered; a little more than the 90 % that are promised
ITERATIONS = (250, 400, 1000)
FITTED_ON = 400  # iterations
SCHEDULES: tuple[Schedule, ...] = ("constant", "one-cycle", "cosine")
SHIFTS = np.arange(-1.0, 1.001, 0.02)  # decades
PATH = Path(lrtui.__file__).parent / "analysis" / "calibration.json"


class Sample(NamedTuple):
    """The reference rate of one range test, log10, beside its truth."""

    task: str
    truth: Truth
    log_lr: float


def calibrate(designed: Sequence[Cell], raced: Callable[[Cell, int, Plan], Marked]) -> None:
    """Write the table; `raced` gives the answer after a race."""
    shifts: dict[Schedule, float] = {}
    rows: list[Row] = []
    for schedule in SCHEDULES:
        samples = {count: samples_of(designed, schedule, count) for count in ITERATIONS}
        shifts[schedule] = best_shift(samples[FITTED_ON])
        for count in ITERATIONS:
            rows.append(row_of(schedule, count, samples[count], samples[FITTED_ON]))
            print(rows[-1], flush=True)
    races = []
    for schedule in SCHEDULES[:2]:
        answers = []
        for cell in designed:
            for seed in SEEDS:
                answers.append(raced(cell, seed, Plan(schedule=schedule, steps=HORIZON)))
        marks = marks_of(answers)
        races.append(
            Raced(schedule=schedule, coverage=rounded(marks.coverage), loss_within=1.0)
        )
    write(Table(version="", tasks=len({c.task.name for c in designed}), shifts=shifts,
                rows=tuple(rows), raced=tuple(races)))


def write(table: Table) -> None:
    """Write the table, with a version that changes whenever a number does."""
    digest = hashlib.sha256(msgspec.json.encode(table)).hexdigest()[:8]
    versioned = msgspec.structs.replace(table, version=digest)
    PATH.write_bytes(msgspec.json.format(msgspec.json.encode(versioned), indent=1) + b"\n")


def samples_of(cells: Sequence[Cell], schedule: Schedule, count: int) -> list[Sample]:
    """The reference rates of all range tests of a length that have one."""
    samples = []
    for cell in cells:
        truth = Truth.of(cell, HORIZON, schedule)
        for seed in SEEDS:
            valley = gather_evidence([curve_of(cell, seed, count)]).loss
            if valley is not None:
                samples.append(Sample(cell.task.name, truth, reference_rate(valley)))
    return samples


def best_shift(samples: Sequence[Sample]) -> float:
    """The shift with the most good answers and answers in the band, less their mean regret."""
    scores = []
    for shift in SHIFTS:
        marks = marks_of_shift(samples, float(shift))
        scores.append(marks)
    # the middle of the best shifts, not the edge of a cliff
    smooth = np.convolve(np.pad(scores, 2, mode="edge"), np.full(5, 0.2), "valid")
    return rounded(float(SHIFTS[int(np.argmax(smooth))]))


def marks_of_shift(samples: Sequence[Sample], shift: float) -> float:
    """Good plus in band minus regret, with tasks weighing alike."""
    values = []
    for sample in samples:
        log_lr = sample.log_lr + shift
        regret = sample.truth.regret(log_lr)
        values.append(sample.truth.is_good(log_lr) + sample.truth.is_in_band(log_lr) - regret)
    return float(np.average(values, weights=weights_of(samples)))


def row_of(
    schedule: Schedule, count: int, samples: Sequence[Sample], fitted: Sequence[Sample]
) -> Row:
    """The row of tests of so many iterations, each task left out in its turn."""
    covered, ratios, inside = [], [], []
    kept: list[Sample] = []
    for task in sorted({sample.task for sample in samples}):
        others = [sample for sample in samples if sample.task != task]
        shift = best_shift([sample for sample in fitted if sample.task != task])
        half_width = width_for(others, shift)
        for sample in samples:
            if sample.task == task:
                log_lr = sample.log_lr + shift
                low, high = log_lr - half_width, log_lr + half_width
                kept.append(sample)
                covered.append(sample.truth.within(low, high))
                ratios.append(sample.truth.ratio(log_lr))
                inside.append(sample.truth.share_good(low, high))
    weights = weights_of(kept)
    return Row(
        schedule=schedule,
        iterations=count,
        half_width=rounded(width_for(samples, best_shift(fitted))),
        coverage=rounded(float(np.average(covered, weights=weights))),
        loss_within=rounded(weighted_quantile(np.array(ratios), weights, 0.9)),
        inside=rounded(float(np.average(inside, weights=weights))),
    )


def width_for(samples: Sequence[Sample], shift: float) -> float:
    """The half width that covers `TARGET` of the tasks, in decades."""
    distances = np.array([sample.truth.distance(sample.log_lr + shift) for sample in samples])
    return weighted_quantile(distances, weights_of(samples), TARGET)


def weights_of(samples: Sequence[Sample]) -> FloatArray:
    """One for each task, shared by its samples."""
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.task] = counts.get(sample.task, 0) + 1
    return np.array([1 / counts[sample.task] for sample in samples])


def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """The smallest value that at least this share of the weight does not exceed."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, share - 1e-9)])


def rounded(number: float) -> float:
    return round(number, 3)
