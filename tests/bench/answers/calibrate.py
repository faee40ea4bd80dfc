"""Writes `lrtui/analysis/calibration.json`, the table that intervals come from.

For each schedule: the shift from the reference rate of a curve to the answer, and for each length
of the range test how wide the interval must be. Each task is left out in its turn, with all its
optimizers and seeds; tasks weigh alike. Only the tasks that were designed on are used.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

import lrtui
from lrtui.analysis.answer import Schedule
from lrtui.analysis.calibration import DRIFT, Raced, Row, Table, horizon
from lrtui.analysis.evidence import gather_evidence

from .cells import LONG, SEEDS, SHORT, Cell
from .ensemble import FloatArray
from .marks import Marked, marks_of, task_weights
from .methods import Method, curve_of, plan_of
from .truth import Truth

TARGET = 0.95  # of tasks to be covered; more than the 90 % that are promised
ABOUT = 0.005  # of good plus in band; a smaller difference between shifts is chance
ITERATIONS = (250, 400, 1000)
SCHEDULES: tuple[Schedule, ...] = ("constant", "one-cycle", "cosine")
RACED_SEED = 0
SHIFTS = np.arange(-1.0, 1.001, 0.02)  # decades
PATH = Path(lrtui.__file__).parent / "analysis" / "calibration.json"


class Sample(NamedTuple):
    """The reference rate of one range test, log10, for one length of training; and the truth."""

    task: str
    truth: Truth
    log_lr: float


def calibrate(designed: Sequence[Cell], raced: Method) -> None:
    """Write the table; `raced` answers after a race, and needs the table of tests alone."""
    shifts: dict[Schedule, float] = {}
    rows: list[Row] = []
    for schedule in SCHEDULES:
        samples = {count: samples_of(designed, schedule, SHORT, count) for count in ITERATIONS}
        fitted = [sample for of_count in samples.values() for sample in of_count]
        if schedule != "cosine":
            for count in ITERATIONS:
                fitted += samples_of(designed, schedule, LONG, count)
        shifts[schedule] = best_shift(fitted)
        for count in ITERATIONS:
            rows.append(row_of(schedule, count, samples[count], fitted))
            print(rows[-1], flush=True)
    count = len({cell.task.name for cell in designed})
    table = Table(version="", tasks=count, shifts=shifts, rows=tuple(rows))
    write(table)
    races = []
    for schedule in SCHEDULES:
        races.append(raced_row(designed, schedule, raced))
        print(races[-1], flush=True)
    write(msgspec.structs.replace(table, raced=tuple(races)))


def raced_row(designed: Sequence[Cell], schedule: Schedule, raced: Method) -> Raced:
    """What answers after a race are worth."""
    answers = []
    for cell in designed:
        truth = Truth.of(cell, SHORT, schedule)
        answer = raced(cell, RACED_SEED, plan_of(cell, schedule, SHORT))
        if answer.lr is not None:
            answers.append(Marked(cell.task.name, cell.task.kind, truth, answer))
    ratios = np.array([one.truth.ratio(np.log10(one.answer.lr or 1)) for one in answers])
    return Raced(
        schedule=schedule,
        coverage=rounded(marks_of(answers).coverage),
        loss_within=rounded(weighted_quantile(ratios, task_weights(answers), 0.9)),
    )


def write(table: Table) -> None:
    """Write the table, with a version that changes whenever a number does."""
    digest = hashlib.sha256(msgspec.json.encode(table)).hexdigest()[:8]
    versioned = msgspec.structs.replace(table, version=digest)
    PATH.write_bytes(msgspec.json.format(msgspec.json.encode(versioned), indent=1) + b"\n")


def samples_of(cells: Sequence[Cell], schedule: Schedule, steps: int, count: int) -> list[Sample]:
    """The reference rates of all range tests of a length that have one, moved to a horizon."""
    samples = []
    for cell in cells:
        truth = Truth.of(cell, steps, schedule)
        for seed in SEEDS:
            valley = gather_evidence([curve_of(cell, seed, count)]).loss
            if valley is not None:
                log_lr = valley.reference + DRIFT * horizon(steps)
                samples.append(Sample(cell.task.name, truth, log_lr))
    return samples


def best_shift(samples: Sequence[Sample]) -> float:
    """The lowest of the shifts that are about the best.

    Best is most good answers plus most in the band, less their mean regret. Of rates that can't be
    told apart the lower one is safer: twice too high can lose everything, twice too low costs a
    little.
    """
    scores = [score_of(samples, float(shift)) for shift in SHIFTS]
    # the middle of the good shifts, not the edge of a cliff
    smooth = np.convolve(np.pad(scores, 2, mode="edge"), np.full(5, 0.2), "valid")
    about_best = np.flatnonzero(smooth >= smooth.max() - ABOUT)
    return rounded(float(SHIFTS[about_best[0]]))


def score_of(samples: Sequence[Sample], shift: float) -> float:
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
