"""Is an answer better after a race? `python -m tests.bench.answers.confirmed`.

For every cell one range test of 400 iterations (the app's default) with known momentum, then a
race of its answer for the cell's schedule, judged by the validation loss. The range test, the truth
and the columns are those of `python -m tests.bench.answers`; the cost includes the trials'
iterations. There is one answer a cell, so there is no spread. Takes five minutes on one core.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import Plan
from lrtui.analysis.curve import Curve
from lrtui.analysis.race import BUDGET, Rates
from lrtui.analysis.race_verdict import Race
from lrtui.engine.optim import set_momentum
from lrtui.engine.race.budget import drained
from lrtui.engine.race.paces import Pace
from lrtui.engine.race.race import race
from lrtui.engine.race.trial import TrialRunner
from lrtui.engine.step import TrainStep, Update
from lrtui.engine.validation import Validation

from .__main__ import MOMENTUM, cell_parser, chosen_cells
from .cells import PARTS, Cell
from .training import OPTIMIZERS, batches, step
from .truth import HEADER, Answer, Marks, Truth

SEED = 0


@dataclass(frozen=True)
class Comparison:
    """The answer of one cell before and after its race, which a refusal has none of."""

    before: Answer
    after: Answer
    race: Race | None


def trial_runner(cell: Cell) -> TrialRunner:
    """Runs trials as plain loops, without the engine's training step."""
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

        def train() -> Update:
            inputs, targets = next(data)
            loss = step(model, optimizer, cell.task.criterion, inputs, targets, rate)
            return Update(torch.tensor(loss))

        return train

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

    # the engine's classes hold live objects; only their call is used
    return TrialRunner(
        cast(Callable[[int], TrainStep], start), cast(Validation, validation), set_pace
    )


def raced(cell: Cell, budget: int) -> Comparison:
    """The cell's answer before and after a race."""
    lrs, losses = cell.curves(400)[0]
    plan = Plan(schedule="constant" if cell.schedule == "constant" else "one-cycle")
    curve = Curve(lrs, losses, num_iter=400, momentum=MOMENTUM[cell.optimizer])
    suggestion = analyse([curve], plan=plan).suggestion
    if suggestion.lr is None:
        refused = Answer(None, None, None, len(lrs))
        return Comparison(refused, refused, None)
    rates = Rates(lr=suggestion.lr, low=suggestion.low, high=suggestion.high)
    result = drained(race(trial_runner(cell), rates, budget, plan))
    before = Answer(suggestion.lr, suggestion.low, suggestion.high, len(lrs))
    after = Answer(result.answer, result.low, result.high, len(lrs) + result.iterations)
    return Comparison(before, after, result)


def main() -> None:
    parser = cell_parser((__doc__ or "").splitlines()[0])
    parser.add_argument("--budget", type=int, default=BUDGET, help="optimizer steps of every race")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = chosen_cells(options.cell, options.wider)
    comparisons: dict[Cell, Comparison] = {}
    verdicts: Counter[str] = Counter()
    for cell in chosen:
        comparison = raced(cell, options.budget)
        comparisons[cell] = comparison
        if comparison.race is not None:
            verdicts[comparison.race.verdict] += 1
        print(comparison_line(cell, comparison), flush=True)
    for part in PARTS:
        in_part = [cell for cell in chosen if cell.part == part]
        print_table(part, in_part, comparisons)
    print("\n" + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))


def comparison_line(cell: Cell, comparison: Comparison) -> str:
    """The best rate of a cell, the answers before and after, and the verdict."""
    before, after = comparison.before.lr, comparison.after.lr
    if before is None or after is None or comparison.race is None:
        return f"{cell.name:33} refused"
    truth = Truth.of(cell)
    mark = "*" if cell.part == "Held out" else " "
    return (
        f"{mark}{cell.name:33} best {10**truth.best:8.1e}"
        f"  {before:.1e} ({truth.ratio(before):5.2f})"
        f" → {after:.1e} ({truth.ratio(after):5.2f})  {comparison.race.verdict}"
    )


def print_table(title: str, part: Sequence[Cell], comparisons: dict[Cell, Comparison]) -> None:
    """The marks before and after, over the cells of one part."""
    if not part:
        return
    print(f"\n{title}: {len(part)} cells\n{HEADER}")
    before, after = [], []
    for cell in part:
        truth = Truth.of(cell)
        before.append((truth, [comparisons[cell].before]))
        after.append((truth, [comparisons[cell].after]))
    print(Marks.of(before).row("ours, 1 × 400"))
    print(Marks.of(after).row("ours, 1 × 400 + race"))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
