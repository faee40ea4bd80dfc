"""The learning-rate range test (Smith, arXiv 1506.01186, section 3.3), as a generator: one page, top to bottom."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch.optim import Optimizer

from lrtui.engine.batches import OutOfData
from lrtui.engine.deferred import read_late
from lrtui.engine.optim import set_learning_rates
from lrtui.engine.ramp import Ramp
from lrtui.engine.step import TrainStep
from lrtui.engine.tracker import Tracker
from lrtui.engine.validation import Validation
from lrtui.events import Step, nonfinite_kind


class Outcome(NamedTuple):
    """How a range test ended, and why, in words."""

    status: Literal["completed", "diverged", "stopped"]
    reason: str


def range_test(
    train: TrainStep,
    ramp: Ramp,
    tracker: Tracker,
    optimizers: Sequence[Optimizer],
    device: torch.device,
    *,
    validation: Validation | None = None,
    warmup: int = 0,
    lag: int = 0,
    max_seconds: float = math.inf,
    repeat: int = 0,
    clock: Callable[[], float] = time.perf_counter,
    began: float | None = None,
) -> Generator[Step, None, Outcome]:
    """Raise the learning rate from step to step, and yield the loss at each until the ramp or the loss ends it.

    The training loss of a point is the one before the optimizer's step at its rate; the validation loss is the one
    after. Time counts from `began`, on the `clock`.
    """
    start = clock() if began is None else began
    planned = len(ramp)
    cut_short: Outcome | None = None

    def climb() -> Iterator[tuple[tuple[int, tuple[float, ...]], tuple[Any, ...]]]:
        nonlocal cut_short
        for iteration, lrs in enumerate(ramp):
            # train at this learning rate
            set_learning_rates(optimizers, lrs)
            try:
                update = train()
            except OutOfData:
                cut_short = Outcome(
                    "stopped", f"out of data after {iteration} of {planned} iterations"
                )
                return
            # measure where that led to
            loss, metric = validation() if validation else (update.loss, update.metric)
            yield (
                (iteration, lrs),
                (loss, update.loss if validation else None, metric, update.scale),
            )
            if clock() - start >= max_seconds and iteration + 1 < planned:
                cut_short = Outcome(
                    "stopped",
                    f"out of time: {max_seconds:g} s allowed {iteration + 1} of {planned} iterations",
                )
                return

    # get over the first steps of an optimizer that starts cold
    set_learning_rates(optimizers, next(iter(ramp)))
    for done in range(warmup):
        if clock() - start >= max_seconds:
            return Outcome(
                "stopped",
                f"out of time: {max_seconds:g} s allowed {done} of {warmup} warm-up iterations",
            )
        try:
            train()
        except OutOfData:
            return Outcome("stopped", f"out of data after {done} of {warmup} warm-up iterations")

    scale_before = train.loss_scale()
    for (iteration, lrs), (raw_loss, train_loss, metric, scale) in read_late(climb(), device, lag):
        assert raw_loss is not None
        finite = math.isfinite(raw_loss)
        skipped = finite and scale is not None and scale_before is not None and scale < scale_before
        scale_before = scale

        # smooth, and remember the best
        loss = tracker.add(raw_loss) if finite and not skipped else None

        yield Step(
            iteration=iteration,
            repeat=repeat,
            lr=lrs[0],
            group_lrs=lrs if len(lrs) > 1 else (),
            raw_loss=raw_loss if finite else None,
            loss=loss,
            nonfinite=None if finite else nonfinite_kind(raw_loss),
            train_loss=train_loss,
            metric=metric,
            skipped=skipped,
            seconds=clock() - start,
        )

        # stop when the loss has blown up
        if not finite:
            return Outcome(
                "diverged", f"the loss became {nonfinite_kind(raw_loss)} at lr {lrs[0]:.2e}"
            )
        if loss is not None and tracker.diverged:
            fall = f"{loss:.3g} after a best of {tracker.best:.3g}"
            return Outcome("diverged", f"the loss diverged at lr {lrs[0]:.2e}: {fall}")
    return cut_short or Outcome("completed", f"all {planned} iterations ran")
