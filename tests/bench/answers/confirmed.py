"""Is an answer better once it has been confirmed? `python -m tests.bench.answers.confirmed`, five minutes on one core.

For every cell one range test of 400 iterations (the app's default), the optimizer's momentum known; then a confirmation
of its answer for the cell's schedule, judged by the validation loss. A rate that is refuted gives way to the
better one. The range test and the truth are those of `python -m tests.bench.answers`, with the same columns; the cost
has the trials' iterations in it. One answer a cell, so there is no spread.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import torch

from lrtui.analysis.analyse import analyse
from lrtui.analysis.candidates import FACTOR
from lrtui.analysis.curve import Curve
from lrtui.analysis.halving import least_budget
from lrtui.engine.confirm.budget import GENEROUS, drained
from lrtui.engine.confirm.trial import Pace, TrialRunner
from lrtui.engine.confirm.trial_setup import rates_of_trials
from lrtui.engine.confirm.verdict import Confirmation, confirm
from lrtui.engine.optim import set_momentum
from lrtui.engine.step import Update

from .__main__ import MOMENTUM
from .cells import PARTS, Cell, cells, wider_cells
from .training import OPTIMIZERS, batches, step
from .truth import HEADER, Answer, Marks, Truth

SEED = 0


def bench(cell: Cell) -> TrialRunner:
    """Plain loops, with nothing of the engine in them."""
    train_inputs, train_targets, inputs, targets = cell.task.split()
    torch.manual_seed(SEED)
    model = cell.task.build().train()
    initial = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = OPTIMIZERS[cell.optimizer](model.parameters(), lr=1.0)
    rate = 0.0

    def start(seed: int) -> Callable[[], Update]:
        nonlocal optimizer
        model.load_state_dict(initial)
        model.train()
        optimizer = OPTIMIZERS[cell.optimizer](model.parameters(), lr=1.0)
        data = batches(train_inputs, train_targets, cell.batch_size, 200 + seed)
        return lambda: Update(step(model, optimizer, cell.task.criterion, *next(data), rate))

    def validation() -> tuple[float, None]:
        with torch.no_grad():
            loss = float(cell.task.criterion(model.eval()(inputs), targets))
        model.train()
        return loss, None

    def set_pace(pace: Pace) -> None:
        nonlocal rate
        rate = pace.lr
        if pace.momentum is not None:
            set_momentum([optimizer], pace.momentum)

    return TrialRunner(start, validation, set_pace)


def confirmed(cell: Cell, generous: float) -> tuple[Answer, Answer, Confirmation | None]:
    """The answer as it is, and as it is after a confirmation."""
    lrs, losses = cell.curves(400)[0]
    analysis = analyse([Curve(lrs, losses, num_iter=400, momentum=MOMENTUM[cell.optimizer])])
    suggestion = analysis.suggestion
    if suggestion.lr is None:
        refused = Answer(None, None, None, len(lrs))
        return refused, refused, None
    schedule = "constant" if cell.schedule == "constant" else "one-cycle"
    rates = rates_of_trials(None, analysis, FACTOR, schedule)
    plain = Answer(rates[0], suggestion.low, suggestion.high, len(lrs))
    found = drained(confirm(bench(cell), rates, int(generous * least_budget(len(rates))), schedule))
    return plain, Answer(found.better or found.lr, None, None, len(lrs) + found.iterations), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", help="only cells whose name contains this")
    parser.add_argument(
        "--generous", type=float, default=GENEROUS, help="the budget, in times the least one"
    )
    parser.add_argument("--wider", action="store_true", help="the 120 further cells as well")
    options = parser.parse_args()
    known = cells() + wider_cells() if options.wider else cells()
    torch.set_num_threads(1)
    chosen = [cell for cell in known if not options.cell or options.cell in cell.name]
    answers = {}
    for cell in chosen:
        truth = Truth.of(cell)
        plain, better, found = answers[cell] = confirmed(cell, options.generous)
        if plain.lr is None or better.lr is None or found is None:
            print(f"{cell.name:33} refused", flush=True)
            continue
        print(
            f"{'*' if cell.part == 'Held out' else ' '}{cell.name:33} best {10**truth.best:8.1e}  {plain.lr:.1e} "
            f"({truth.ratio(plain.lr):5.2f}) → {better.lr:.1e} ({truth.ratio(better.lr):5.2f})  {found.verdict}",
            flush=True,
        )
    for part in PARTS:
        print_table(part, [cell for cell in chosen if cell.part == part], answers)
    print(
        "\n"
        + ", ".join(
            f"{n} {verdict}"
            for verdict, n in Counter(f.verdict for *_, f in answers.values() if f).items()
        )
    )


def print_table(title: str, part: Sequence[Cell], answers: dict[Cell, tuple]) -> None:
    """The marks before and after, over the cells of one part."""
    if not part:
        return
    print(f"\n{title}: {len(part)} cells\n{HEADER}")
    for row, name in enumerate(("ours, 1 × 400", "ours, 1 × 400 + confirmation")):
        print(Marks.of([(Truth.of(cell), [answers[cell][row]]) for cell in part]).row(name))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
