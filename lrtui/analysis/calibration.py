"""How far the answer may be from the best rate: the calibration that ships with the package.

`python -m tests.bench.answers --calibrate` writes `calibration.json` from short trainings of many
tasks. An interval is `lr · 10^±half_width`: so wide that nine tasks in ten, each left out of the
calibration in its turn, have a rate in it with at most 5 % more loss than the best.

For longer trainings the answer moves, and the interval gets wider: best rates over log(steps) have
slopes of about -0.3 on the tasks of the benchmark (-0.32 for language models, arXiv 2409.19913),
which scatter.
"""

from functools import cache
from importlib import resources
from math import hypot, log10

import msgspec

from lrtui.analysis.answer import Calibration, Plan, Schedule
from lrtui.analysis.plan import CALIBRATED_STEPS

# when a training gets ten times as long, the best rate moves by so many decades: as a rule, and
# how much it scatters around that
DRIFT, SCATTER = -0.3, 0.5


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the answers for one schedule.

    Attributes:
        schedule: of the training.
        iterations: of the range test, at least.
        half_width: of the interval, in decades.
        coverage: share of left-out tasks whose interval has a rate within 5 % of the best loss.
        loss_within: nine trainings in ten at the answer end at most at this many times the best
            loss.
        inside: mean share of an interval's rates that train to at most 1.2 times the best loss.
    """

    schedule: Schedule
    iterations: int
    half_width: float
    coverage: float
    loss_within: float
    inside: float


class Raced(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the answers after a race; see `Row`."""

    schedule: Schedule
    coverage: float
    loss_within: float


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The whole calibration.

    Attributes:
        version: changes whenever a number does.
        tasks: how many tasks it rests on.
        shifts: decades from the reference rate of a curve to the answer, for each schedule.
        rows: from tests alone.
        raced: after a race.
    """

    version: str
    tasks: int
    shifts: dict[Schedule, float]
    rows: tuple[Row, ...]
    raced: tuple[Raced, ...] = ()


class Reach(msgspec.Struct, frozen=True):
    """An interval around an answer, and what it is worth.

    Attributes:
        half_width: in decades.
        coverage: see `Row`.
        loss_within: see `Row`.
        calibration: what both rest on.
    """

    half_width: float
    coverage: float
    loss_within: float
    calibration: Calibration


@cache
def table() -> Table:
    """The table of this version."""
    shipped = resources.files("lrtui.analysis").joinpath("calibration.json")
    return msgspec.json.decode(shipped.read_bytes(), type=Table)


def reach(plan: Plan, iterations: int) -> Reach:
    """The interval of an answer for a plan, from a range test of so many iterations."""
    of_schedule = [row for row in table().rows if row.schedule == plan.schedule]
    long_enough = [row for row in of_schedule if row.iterations <= iterations]
    row = max(long_enough or of_schedule[:1], key=lambda row: row.iterations)
    return Reach(
        half_width=at_horizon(row.half_width, plan.steps),
        coverage=row.coverage,
        loss_within=row.loss_within,
        calibration=calibration(row.coverage),
    )


def after_race(schedule: Schedule) -> Raced | None:
    """What answers after a race are worth; None where that is not known."""
    for raced in table().raced:
        if raced.schedule == schedule:
            return raced
    return None


def shift(plan: Plan) -> float:
    """Decades from the reference rate of a curve to the answer for a plan."""
    return table().shifts[plan.schedule] + DRIFT * horizon(plan.steps)


def at_horizon(half_width: float, steps: int, tried: int = CALIBRATED_STEPS) -> float:
    """The half width for a training of so many steps, in decades.

    Args:
        half_width: for trainings of `tried` steps.
        steps: 0: as many.
        tried: steps of the trainings that the half width is known for.
    """
    return hypot(half_width, SCATTER * horizon(steps, tried))


def horizon(steps: int, tried: int = CALIBRATED_STEPS) -> float:
    """How much longer a training is than `tried` steps, in decades; 0 steps: not at all."""
    if steps == 0:
        return 0.0
    return log10(steps / tried)


def calibration(coverage: float) -> Calibration:
    """The table in short, as an answer carries it."""
    return Calibration(version=table().version, tasks=table().tasks, coverage=coverage)
