"""How good are the answers? Every rule against short trainings: `python -m tests.bench.answers`.

50 cells: five models on real data × five optimizers × constant or one-cycle, with alternating batch
sizes. For each cell there are nine range tests of 100 iterations (1e-7 to 10), and the truth:
trainings of 300 iterations at 25 rates with 3 other seeds. The truth of every third cell was held
out while our method was designed; its curves may be shared with a cell of the other schedule that
was not. `--wider` adds 120 cells of other kinds. The first run takes about 40 minutes on one core,
and an hour and a half more with the wider cells; its measurements are cached in the temporary
folder, and later runs take seconds.

Rows: "3 × 400" has three repeats of 400 iterations; "momentum unknown" does not get the optimizer's
momentum, like `lrtui.suggest(lrs, losses)`; "the schedule's line" trains at the rate in the line of
code for the cell's schedule: the suggestion for a constant rate, the upper bound for OneCycleLR.
The rows above it train at the suggestion whatever the schedule.

Columns:
    spread     largest ÷ smallest answer from different seeds in the same cell (geometric mean)
    offset     mean and standard deviation of log10(answer ÷ best rate of the grid)
    good       share of answers with at most 1.2 × the best validation loss; a refusal is not good
    loss       validation loss ÷ best (geometric mean), and the worst of all
    refuse     share of refusals
    covered    share of intervals that contain the best rate, and their mean width in decades
    cost       iterations measured for one answer
"""

import argparse
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np
import torch

from lrtui.analysis.analyse import analyse, median
from lrtui.analysis.bounds import bounds
from lrtui.analysis.curve import Curve
from lrtui.analysis.rules import RULES, suggest_all
from lrtui.analysis.suggest import suggest_curves

from .cells import PARTS, REPEATS, SCHEDULES, Cell, cells, wider_cells
from .training import range_test
from .truth import HEADER, Answer, Marks, Truth

MOMENTUM = {"sgd": 0.0, "momentum": 0.9, "adam": 0.9, "adamw": 0.9, "rmsprop": 0.0}


class Rates(NamedTuple):
    """What a method answers: a rate or None, and its interval if it has one."""

    lr: float | None
    low: float | None = None
    high: float | None = None


Method = Callable[[Sequence[Curve]], Rates]


def rule(name: str) -> Method:
    """A published rule; of several repeats, the median of its answers."""

    def method(curves: Sequence[Curve]) -> Rates:
        return Rates(median([suggest_all(curve)[name] for curve in curves]))

    return method


def ours(curves: Sequence[Curve]) -> Rates:
    """Our suggestion."""
    suggestion = suggest_curves(curves)
    return Rates(suggestion.lr, suggestion.low, suggestion.high)


def upper_bound(curves: Sequence[Curve]) -> Rates:
    """Our upper bound, if there is a suggestion."""
    pair = bounds(curves)
    if suggest_curves(curves).lr is None or pair is None:
        return Rates(None)
    return Rates(pair.end_lr)


def schedules_line(cell: Cell) -> Method:
    """The rate in our line of code for the cell's schedule."""
    if cell.schedule == "constant":
        return ours
    return upper_bound


def answers(
    cell: Cell, method: Method, repeats: int, num_iter: int = 100, knows_momentum: bool = True
) -> list[Answer]:
    """The method's answers from disjoint groups of curves of this cell."""
    momentum = MOMENTUM[cell.optimizer] if knows_momentum else None
    curves = []
    for lrs, losses in cell.curves(num_iter):
        curves.append(Curve(lrs, losses, num_iter=num_iter, momentum=momentum))
    given = []
    for start in range(0, len(curves), repeats):
        group = curves[start : start + repeats]
        iterations = sum(len(curve.lr) for curve in group)
        given.append(Answer(*method(group), iterations=iterations))
    return given


@dataclass(frozen=True)
class Row:
    """One row of a table: a method for each cell, and what it is given."""

    name: str
    method_for: Callable[[Cell], Method]
    repeats: int
    num_iter: int = 100
    knows_momentum: bool = True


def for_every_cell(method: Method) -> Callable[[Cell], Method]:
    """The same method whatever the cell."""
    return lambda cell: method


def table_rows() -> Iterator[Row]:
    """The rows of a table, from the published rules to our line of code."""
    for name in RULES:
        yield Row(name, for_every_cell(rule(name)), 1)
    for name in RULES:
        yield Row(f"{name}, median of 3", for_every_cell(rule(name)), REPEATS)
    our_method = for_every_cell(ours)
    for num_iter, repeats in product((100, 400), (1, REPEATS)):
        name = f"ours, {repeats} × {num_iter}, momentum unknown"
        yield Row(name, our_method, repeats, num_iter, knows_momentum=False)
    for num_iter, repeats in product((50, 100, 400), (1, REPEATS)):
        yield Row(f"ours, {repeats} × {num_iter}", our_method, repeats, num_iter)
    for num_iter, repeats in product((100, 400), (1, REPEATS)):
        name = f"the schedule's line, {repeats} × {num_iter}"
        yield Row(name, schedules_line, repeats, num_iter)


def print_table(title: str, part: Sequence[Cell]) -> None:
    """The marks of every method over the cells of one part."""
    if not part:
        return
    truths = [Truth.of(cell) for cell in part]
    print(f"\n{title}: {len(part)} cells\n{HEADER}")
    for row in table_rows():
        given = []
        for truth, cell in zip(truths, part, strict=True):
            method = row.method_for(cell)
            group = answers(cell, method, row.repeats, row.num_iter, row.knows_momentum)
            given.append((truth, group))
        print(Marks.of(given).row(row.name), flush=True)


def print_details(part: Sequence[Cell]) -> None:
    """For each cell: the best rate, our answers from three repeats, and how good they are."""
    print(f"\n{'cell':34} {'best':>8}  the schedule's line, {REPEATS} × 100 (loss ÷ best)")
    for cell in part:
        truth = Truth.of(cell)
        given = []
        for answer in answers(cell, schedules_line(cell), REPEATS):
            if answer.lr:
                given.append(f"{answer.lr:.1e} ({truth.ratio(answer.lr):.2f})")
            else:
                given.append("refused")
        mark = "*" if cell.part == "Held out" else " "
        print(f"{mark}{cell.name:33} {10**truth.best:8.1e}  {'  '.join(given)}")


def print_speed(repeats: int = REPEATS) -> None:
    """Milliseconds of one whole analysis, the best of many."""
    cell = cells()[0]
    for num_iter in (100, 1000):
        curves = []
        for seed in range(repeats):
            measured = range_test(cell.task, cell.optimizer, cell.batch_size, seed, num_iter)
            curves.append(Curve(*measured))
        seconds = min(timeit.repeat(partial(analyse, curves), number=1, repeat=50))
        print(f"analysis of {repeats} curves of {num_iter} iterations: {1000 * seconds:.1f} ms")


def cell_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the options that choose cells."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cell", help="only cells whose name contains this")
    parser.add_argument("--wider", action="store_true", help="the 120 further cells as well")
    return parser


def chosen_cells(name_part: str | None, wider: bool) -> list[Cell]:
    """The cells whose name contains `name_part`, or all."""
    known = cells()
    if wider:
        known += wider_cells()
    return [cell for cell in known if not name_part or name_part in cell.name]


def main() -> None:
    parser = cell_parser((__doc__ or "").splitlines()[0])
    parser.add_argument("--details", action="store_true", help="one line for each cell as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = chosen_cells(options.cell, options.wider)
    for part in PARTS:
        in_part = [cell for cell in chosen if cell.part == part]
        for schedule in SCHEDULES:
            with_schedule = [cell for cell in in_part if cell.schedule == schedule]
            print_table(f"{part}, {schedule}", with_schedule)
        print_table(f"{part}, all", in_part)
    if options.details:
        print_details(chosen)
    print()
    print_speed()


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
