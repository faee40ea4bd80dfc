"""How good are the answers? Every rule against short trainings: `python -m tests.bench.answers`.

50 cells: five models on real data × five optimizers × constant or one-cycle, batch sizes alternating. For each there
are nine range tests of 100 iterations (1e-7 to 10), and the truth: trainings of 300 iterations at 25 rates with 3 other
seeds. The truth of every third cell was held out while our method was designed; a curve may be shared with a cell of
the other schedule that was not. `--wider` adds 120 cells of other kinds. The first run takes about 40 minutes on one
core, and an hour and a half more for the wider ones; what it measures is kept in the temporary folder, and later runs
take seconds.

Rows: "3 × 400" has three repeats of 400 iterations; "momentum unknown" is not told the optimizer's, as
`lrtui.suggest(lrs, losses)` is not; "the schedule's line" trains at the rate in the line of code for the cell's
schedule: the suggestion where it is constant, the upper bound for OneCycleLR, where the rows above it train at the
suggestion whatever the schedule.

Columns:
    spread     largest ÷ smallest answer from different seeds in the same cell (geometric mean over cells)
    offset     mean and standard deviation of log10(answer ÷ best rate of the grid)
    good       share of answers with a validation loss of at most 1.2 × the best; a refusal is not good
    loss       validation loss ÷ best (geometric mean), and the worst of all
    refuse     share of refusals
    covered    share of intervals that contain the best rate, and their mean width in decades
    cost       iterations measured for one answer
"""

import argparse
import timeit
from collections.abc import Callable, Sequence

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
Method = Callable[[Sequence[Curve]], tuple[float | None, float | None, float | None]]


def rule(name: str) -> Method:
    return lambda curves: (median([suggest_all(curve)[name] for curve in curves]), None, None)


def ours(curves: Sequence[Curve]) -> tuple[float | None, float | None, float | None]:
    suggestion = suggest_curves(curves)
    return suggestion.lr, suggestion.low, suggestion.high


def upper_bound(curves: Sequence[Curve]) -> tuple[float | None, float | None, float | None]:
    found = bounds(curves) if suggest_curves(curves).lr is not None else None
    return (found.end_lr if found else None), None, None


def schedules_line(cell: Cell) -> Method:
    return ours if cell.schedule == "constant" else upper_bound


def answers(
    cell: Cell, method: Method, repeats: int, num_iter: int = 100, informed: bool = True
) -> list[Answer]:
    """The method's answers from disjoint groups of curves of this cell."""
    momentum = MOMENTUM[cell.optimizer] if informed else None
    curves = [
        Curve(lrs, losses, num_iter=num_iter, momentum=momentum)
        for lrs, losses in cell.curves(num_iter)
    ]
    groups = [curves[i : i + repeats] for i in range(0, len(curves), repeats)]
    return [
        Answer(*method(group), iterations=sum(len(curve.lr) for curve in group)) for group in groups
    ]


def print_table(title: str, part: Sequence[Cell]) -> None:
    if not part:
        return
    truths = [Truth.of(cell) for cell in part]
    print(f"\n{title}: {len(part)} cells\n{HEADER}")

    def line(
        name: str,
        method: Callable[[Cell], Method],
        repeats: int,
        num_iter: int = 100,
        informed: bool = True,
    ) -> None:
        given = [answers(cell, method(cell), repeats, num_iter, informed) for cell in part]
        print(Marks.of(list(zip(truths, given, strict=True))).row(name), flush=True)

    for name in RULES:
        line(name, lambda _, name=name: rule(name), 1)
    for name in RULES:
        line(f"{name}, median of 3", lambda _, name=name: rule(name), REPEATS)
    for num_iter in (100, 400):
        for repeats in (1, REPEATS):
            line(
                f"ours, {repeats} × {num_iter}, momentum unknown",
                lambda _: ours,
                repeats,
                num_iter,
                informed=False,
            )
    for num_iter in (50, 100, 400):
        for repeats in (1, REPEATS):
            line(f"ours, {repeats} × {num_iter}", lambda _: ours, repeats, num_iter)
    for num_iter in (100, 400):
        for repeats in (1, REPEATS):
            line(f"the schedule's line, {repeats} × {num_iter}", schedules_line, repeats, num_iter)


def print_details(part: Sequence[Cell]) -> None:
    """For each cell: the best rate, our answers from three repeats, and what they are worth."""
    print(f"\n{'cell':34} {'best':>8}  the schedule's line, {REPEATS} × 100 (loss ÷ best)")
    for cell in part:
        truth = Truth.of(cell)
        given = [
            f"{a.lr:.1e} ({truth.ratio(a.lr):.2f})" if a.lr else "refused"
            for a in answers(cell, schedules_line(cell), REPEATS)
        ]
        mark = "*" if cell.part == "Held out" else " "
        print(f"{mark}{cell.name:33} {10**truth.best:8.1e}  {'  '.join(given)}")


def print_speed(repeats: int = REPEATS) -> None:
    """Milliseconds of one whole analysis, the best of many."""
    cell = cells()[0]
    for num_iter in (100, 1000):
        curves = [
            Curve(*range_test(cell.task, cell.optimizer, cell.batch_size, seed, num_iter))
            for seed in range(repeats)
        ]
        seconds = min(timeit.repeat(lambda curves=curves: analyse(curves), number=1, repeat=50))
        print(f"analysis of {repeats} curves of {num_iter} iterations: {1000 * seconds:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", help="only cells whose name contains this")
    parser.add_argument("--details", action="store_true", help="one line for each cell as well")
    parser.add_argument("--wider", action="store_true", help="the 120 further cells as well")
    options = parser.parse_args()
    known = cells() + wider_cells() if options.wider else cells()
    torch.set_num_threads(1)
    chosen = [cell for cell in known if not options.cell or options.cell in cell.name]
    for part in PARTS:
        of_part = [cell for cell in chosen if cell.part == part]
        for schedule in SCHEDULES:
            print_table(
                f"{part}, {schedule}", [cell for cell in of_part if cell.schedule == schedule]
            )
        print_table(f"{part}, all", of_part)
    if options.details:
        print_details(chosen)
    print()
    print_speed()


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
