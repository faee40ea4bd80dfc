"""How good are the answers? Every rule against short trainings: `python -m tests.bench.answers`.

50 cells: five models on real data × five optimizers × constant or one-cycle, batch sizes alternating. For each there
are nine range tests of 100 iterations (1e-7 to 10), and the truth: trainings of 300 iterations at 13 rates with 3 other
seeds. The truth of every third cell was held out while our method was designed; a curve may be shared with a cell of
the other schedule that was not. The first run takes about 20 minutes on one core; what it measures is kept in the
temporary folder, and later runs take seconds.

Rows: "momentum known" is told the optimizer's, "3 × 400" has three repeats of 400 iterations, "bounds' end_lr" trains
at the upper bound, and "the schedule's line" at the rate in the line of code for the cell's schedule: the suggestion
where it is constant, the upper bound for OneCycleLR.

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

from .cells import REPEATS, SCHEDULES, Cell, cells
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
    found = bounds(curves)
    return (found.end_lr if found else None), None, None


def answers(cell: Cell, method: Method, repeats: int, num_iter: int = 100, informed: bool = False) -> list[Answer]:
    """The method's answers from disjoint groups of curves of this cell."""
    momentum = MOMENTUM[cell.optimizer] if informed else None
    curves = [Curve(lrs, losses, num_iter=num_iter, momentum=momentum) for lrs, losses in cell.curves(num_iter)]
    groups = [curves[i : i + repeats] for i in range(0, len(curves), repeats)]
    return [Answer(*method(group), iterations=sum(len(curve.lr) for curve in group)) for group in groups]


def print_table(title: str, part: Sequence[Cell]) -> None:
    if not part:
        return
    truths = [Truth.of(cell) for cell in part]
    print(f"\n{title}: {len(part)} cells\n{HEADER}")

    def line(name: str, method: Method, repeats: int, num_iter: int = 100, informed: bool = False) -> None:
        given = [answers(cell, method, repeats, num_iter, informed) for cell in part]
        print(Marks.of(list(zip(truths, given, strict=True))).row(name))

    for name in RULES:
        line(name, rule(name), 1)
    for name in RULES:
        line(f"{name}, median of 3", rule(name), REPEATS)
    for informed, what in ((False, "ours"), (True, "ours, momentum known")):
        line(what, ours, 1, informed=informed)
        line(f"{what}, 3 repeats", ours, REPEATS, informed=informed)
        line(f"{what}, 1 × 400", ours, 1, 400, informed)
        line(f"{what}, 3 × 50", ours, REPEATS, 50, informed)
        line(f"{what}, 3 × 400", ours, REPEATS, 400, informed)
    line("bounds' end_lr, known, 3 repeats", upper_bound, REPEATS, informed=True)
    for repeats in (1, REPEATS):
        given = [
            answers(cell, ours if cell.schedule == "constant" else upper_bound, repeats, 400, informed=True)
            for cell in part
        ]
        print(Marks.of(list(zip(truths, given, strict=True))).row(f"the schedule's line, known, {repeats} × 400"))


def print_details(part: Sequence[Cell]) -> None:
    """For each cell: the best rate, our answers from three repeats, and what they are worth."""
    print(f"\n{'cell':34} {'best':>8}  ours (loss ÷ best)")
    for cell in part:
        truth = Truth.of(cell)
        given = [f"{a.lr:.1e} ({truth.ratio(a.lr):.2f})" if a.lr else "refused" for a in answers(cell, ours, REPEATS)]
        mark = "*" if cell.held_out else " "
        print(f"{mark}{cell.name:33} {10**truth.best:8.1e}  {'  '.join(given)}")


def print_speed(repeats: int = REPEATS) -> None:
    """Milliseconds of one whole analysis, the best of many."""
    cell = cells()[0]
    for num_iter in (100, 1000):
        curves = [
            Curve(*range_test(cell.task, cell.optimizer, cell.batch_size, seed, num_iter)) for seed in range(repeats)
        ]
        seconds = min(timeit.repeat(lambda curves=curves: analyse(curves), number=1, repeat=50))
        print(f"analysis of {repeats} curves of {num_iter} iterations: {1000 * seconds:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", help="only cells whose name contains this")
    parser.add_argument("--details", action="store_true", help="one line for each cell as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [cell for cell in cells() if not options.cell or options.cell in cell.name]
    for held_out, part in ((False, "Designed on"), (True, "Held out")):
        of_part = [cell for cell in chosen if cell.held_out == held_out]
        for schedule in SCHEDULES:
            print_table(f"{part}, {schedule}", [cell for cell in of_part if cell.schedule == schedule])
        print_table(f"{part}, all", of_part)
    if options.details:
        print_details(chosen)
    print()
    print_speed()


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
