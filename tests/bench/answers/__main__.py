"""How good are the answers, on tasks that they were not made for? `python -m tests.bench.answers`.

22 tasks were designed and calibrated on, 12 more are held out as a whole (see `tasks`); each with
one or two optimizers. The truth is trained at four rates a decade with three seeds, for 300 and for
3,000 steps, at a constant rate and on one-cycle, and stored in `truth/` (see `cells`). The first
run measures range tests, about fifteen minutes on one core; later runs take a few, and `--race`
half an hour more. `--calibrate` writes the table that ships with the package.

Every method answers three times, from other seeds, for every plan. Tasks weigh alike.

Columns:
    steps      optimizer steps before the training that is planned
    good       answers with at most 1.2 × the best validation loss; a refusal is not good
    band       answers with a regret of at most 0.05: the share of the best fall that they miss
    regret     mean regret, and the worst
    blow-ups   answers that train to a higher loss than the untrained net's
    covered    intervals that have a rate within 5 % of the best loss
    width      their mean width in decades, and the share of their rates that are good (inside)
    refused    refusals
"""

import argparse
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch

from lrtui.analysis.answer import Plan, Schedule
from lrtui.analysis.rules import RULES
from lrtui.analysis.suggest import suggest_curves

from . import hopeless, methods
from .cache import answered
from .calibrate import calibrate
from .cells import LONG, SEEDS, SHORT, Cell, all_cells
from .marks import HEADER, Marked, marks_of, row
from .methods import Method, plan_of, suggestion_of
from .racing import ours_and_race
from .truth import Truth

PLANS: tuple[tuple[Schedule, int], ...] = (
    ("constant", SHORT),
    ("one-cycle", SHORT),
    ("cosine", SHORT),
    ("constant", LONG),
    ("one-cycle", LONG),
)
ITERATIONS = (250, 400, 1000)
RACE_STEPS = 1200
CURVE_STEPS = 400  # of the test before the race
WITHOUT_RATE = ("Prodigy", "schedule-free AdamW")
SAME = 1.3  # a factor between answers that are the same


def marked(cell: Cell, seed: int, plan: Plan, method: Method) -> Marked:
    """A method's answer beside its truth."""
    truth = Truth.of(cell, plan.steps, plan.schedule)
    return Marked(cell.task.name, cell.task.kind, truth, method(cell, seed, plan))


def all_marked(
    cells: Sequence[Cell],
    schedule: Schedule,
    steps: int,
    method: Method,
    seeds: Sequence[int] = SEEDS,
) -> list[Marked]:
    """A method's answers for one kind of plan, over cells and seeds."""
    answers = []
    for cell in cells:
        plan = plan_of(cell, schedule, steps)
        for seed in seeds:
            answers.append(marked(cell, seed, plan, method))
    return answers


def compared(designed: Sequence[Cell], schedule: Schedule, steps: int) -> dict[str, Method]:
    """The methods of a table by their names, in the order of the steps that they spend."""
    plan = Plan(schedule=schedule, steps=steps)
    rows: dict[str, Method] = {
        "the optimizer's default": methods.default,
        "SGD 0.1, others 0.001": methods.usual,
        "best constant rate": methods.best_constant(designed, plan),
        "Prodigy": answered("prodigy", methods.prodigy, by_schedule=False),
        "schedule-free AdamW": answered("schedule-free", methods.schedule_free, by_schedule=False),
    }
    for rule in RULES:
        rows[f"{rule}, 400"] = methods.published(rule, CURVE_STEPS)
    for num_iter in ITERATIONS:
        rows[f"lrtui, {num_iter}"] = methods.ours(num_iter)
    return rows


def with_race() -> dict[str, Method]:
    """The methods that train to find a rate."""
    total = CURVE_STEPS + RACE_STEPS
    return {
        "blind halving": answered("halving", methods.halving(total)),
        "lrtui, 400 and the race": answered("race", ours_and_race(CURVE_STEPS, RACE_STEPS)),
    }


def print_tables(
    title: str,
    cells: Sequence[Cell],
    designed: Sequence[Cell],
    seeds: Sequence[int],
    *,
    race: bool,
) -> None:
    """A table for each plan, and one over all."""
    if not cells:
        return
    over_all: dict[str, list[Marked]] = {}
    for schedule, steps in PLANS:
        print(f"\n{title}, {schedule}, {steps} steps: {count_of(cells)}\n{HEADER}")
        rows = compared(designed, schedule, steps)
        if race and schedule != "cosine":
            rows |= with_race()
        if schedule == "cosine":
            rows = {name: method for name, method in rows.items() if name not in WITHOUT_RATE}
        for name, method in rows.items():
            answers = all_marked(cells, schedule, steps, method, seeds)
            print(row(name, marks_of(answers)), flush=True)
            if schedule != "cosine":
                over_all.setdefault(name, []).extend(answers)
    print(f"\n{title}, constant and one-cycle, both lengths: {count_of(cells)}\n{HEADER}")
    for name, answers in over_all.items():
        print(row(name, marks_of(answers)))
    print_kinds(over_all[f"lrtui, {CURVE_STEPS}"])
    if race:
        print_kinds(over_all["lrtui, 400 and the race"])
        print_verdicts(over_all["lrtui, 400 and the race"])


def count_of(cells: Sequence[Cell]) -> str:
    tasks = {cell.task.name for cell in cells}
    return f"{len(tasks)} tasks, {len(cells)} with their optimizers"


def print_kinds(answers: Sequence[Marked]) -> None:
    """Coverage for each kind of task."""
    for kind in sorted({answer.kind for answer in answers}):
        marks = marks_of([answer for answer in answers if answer.kind == kind])
        print(f"  {kind:14} covered {marks.coverage:4.0%}  good {marks.good:4.0%}")


def print_verdicts(answers: Sequence[Marked]) -> None:
    """What the race did to good and to bad answers."""
    caught, bad, spoilt, good = 0, 0, 0, 0
    for answer in answers:
        before = answer.answer.before
        if before is None:
            continue
        if answer.truth.is_good(float(np.log10(before))):
            good += 1
            spoilt += not answer.is_good
        else:
            bad += 1
            caught += answer.is_good
    print(f"  bad answers made good {caught} of {bad}, good ones made bad {spoilt} of {good}")
    verdicts = [answer.answer.verdict for answer in answers]
    print("  " + ", ".join(f"{name} {verdicts.count(name)}" for name in sorted(set(verdicts))))


def print_invariance(title: str, cells: Sequence[Cell]) -> None:
    """How often tests of different lengths, from the same seed, give the same answer."""
    print(f"\n{title}: answers within {SAME} × from the same seed")
    plan = Plan()
    for fewer, more in combinations(ITERATIONS, 2):
        same = []
        for cell in cells:
            for seed in SEEDS:
                lrs = [suggestion_of(cell, seed, count, plan).lr for count in (fewer, more)]
                if lrs[0] is not None and lrs[1] is not None:
                    same.append(max(lrs[0] / lrs[1], lrs[1] / lrs[0]) <= SAME)
        print(f"  {fewer} and {more} iterations: {np.mean(same):4.0%} of {len(same)} pairs")


def print_refusals() -> None:
    """Whether our method refuses where no rate can be recommended."""
    print("\nWhere a refusal is right")
    for name, curve in hopeless.curves():
        suggestion = suggest_curves([curve])
        verdict = "an answer, wrongly" if suggestion.lr is not None else "refused"
        print(f"  {name:16} {verdict} ({suggestion.verdict})")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cell", default="", help="only cells whose name contains this")
    parser.add_argument("--held-out", action="store_true", help="only the tasks held out")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="answers of each method")
    parser.add_argument("--race", action="store_true", help="the race and blind halving as well")
    parser.add_argument("--calibrate", action="store_true", help="write the table of intervals")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cells = all_cells(options.cell)
    designed = [cell for cell in all_cells() if not cell.task.held_out]
    if options.calibrate:
        calibrate(designed, answered("race", ours_and_race(CURVE_STEPS, RACE_STEPS)))
        return
    parts = [("Held out", True), ("Designed on", False)]
    for title, held_out in parts[: 1 if options.held_out else 2]:
        part = [cell for cell in cells if cell.task.held_out == held_out]
        print_tables(title, part, designed, SEEDS[: options.seeds], race=options.race)
        print_invariance(title, part)
    if not options.cell:
        print_refusals()


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
