"""The learning-rate range test (Smith, arXiv 1506.01186, section 3.3), on one page."""

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch.optim import Optimizer

from lrtui.engine.data.batches import OutOfData
from lrtui.engine.deferred import LateReader, Measurement, Point
from lrtui.engine.failures.nonfinite import Explanation, Losses, explain
from lrtui.engine.optim import set_learning_rates
from lrtui.engine.ramp import Course, Ramp
from lrtui.engine.step import TrainStep, Update
from lrtui.engine.tracker import Tracker
from lrtui.engine.validation import Validation
from lrtui.events import Step, nonfinite_kind
from lrtui.output.exceptions import message_of


class Outcome(NamedTuple):
    """How a range test ended, and why, in words."""

    status: Literal["completed", "diverged", "stopped", "interrupted", "failed"]
    reason: str
    explanation: Explanation = Explanation()  # of a loss that is not finite


def range_test(
    train: TrainStep,
    ramp: Ramp | Course,
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
    first: int = 0,
    losses: Losses | None = None,
) -> Generator[Step, None, Outcome]:
    """Raise the learning rate from step to step and yield the loss at each.

    It ends when the ramp is over, the loss has diverged, the data is exhausted or time is up. The
    training loss of a point is the one before the optimizer's step at its rate; the validation loss
    is the one after. Seconds are counted from `began`, on the `clock`. A test that goes on begins
    at the iteration `first`, after these `losses`.
    """
    start = clock() if began is None else began

    # warm up at the lowest rate: the first steps of a cold optimizer are not typical
    for done in range(warmup):
        set_learning_rates(optimizers, ramp.lrs_at(0))
        if clock() - start >= max_seconds:
            return _out_of_time(max_seconds, f"{done} of {warmup} warm-up iterations")
        try:
            train()
        except OutOfData:
            return _out_of_data(f"{done} of {warmup} warm-up iterations")

    # ramp up, one optimizer step at each rate
    outcome: Outcome | None = None
    curve = GrowingCurve(
        tracker,
        train.loss_scale(),
        repeat,
        lambda: clock() - start,
        lambda iteration, losses: explain(train, warmup + iteration, iteration, losses),
        losses or Losses(),
    )
    reader = LateReader(device, lag)
    for iteration, lrs in enumerate(ramp, first):
        try:
            # train at this rate, then measure
            set_learning_rates(optimizers, lrs)
            update = train()
            reader.add(_measurement(iteration, lrs, update, validation))
        except OutOfData:
            outcome = _out_of_data(f"{iteration} of {len(ramp)} iterations")
            break
        except BaseException as error:
            # the points before the error still count
            diverged = yield from curve.steps(reader.readable())
            if diverged is not None and isinstance(error, Exception):
                return diverged
            raise

        # yield the losses that have arrived, and stop when they have blown up
        diverged = yield from curve.steps(reader.arrived())
        if diverged is not None:
            return diverged

        # stop when time is up
        if clock() - start >= max_seconds and iteration + 1 < len(ramp):
            outcome = _out_of_time(max_seconds, f"{iteration + 1} of {len(ramp)} iterations")
            break

    # yield the losses that are still on their way
    diverged = yield from curve.steps(reader.remaining())
    return diverged or outcome or Outcome("completed", f"all {len(ramp)} iterations ran")


@dataclass
class GrowingCurve:
    """The curve of one test: turns measured points into steps, and sees when the loss blows up."""

    tracker: Tracker
    loss_scale: float | None  # before the next point
    repeat: int
    seconds: Callable[[], float]
    explain: Callable[[int, Losses], Explanation]  # a loss that is not finite
    losses: Losses

    def steps(self, points: Iterable[Point]) -> Generator[Step, None, Outcome | None]:
        """Yield a step for each point; returns None unless the loss has blown up."""
        for point in points:
            step = self._step(point)
            yield step
            if step.nonfinite is not None:
                reason = f"the loss became {step.nonfinite} at lr {step.lr:.2e}"
                explanation = self.explain(step.iteration, self.losses)
                if explanation.is_certain:
                    reason += f": {explanation.text}"
                return Outcome("diverged", reason, explanation)
            if step.loss is not None and self.tracker.diverged:
                losses = f"{step.loss:.3g} after a best of {self.tracker.best:.3g}"
                return Outcome("diverged", f"the loss diverged at lr {step.lr:.2e}: {losses}")
        return None

    def _step(self, point: Point) -> Step:
        finite = math.isfinite(point.loss)
        if finite:
            self.losses.add(point.loss)
        skipped = finite and _fell(self.loss_scale, point.loss_scale)
        self.loss_scale = point.loss_scale
        return Step(
            iteration=point.iteration,
            repeat=self.repeat,
            lr=point.lrs[0],
            group_lrs=point.lrs if len(point.lrs) > 1 else (),
            raw_loss=point.loss if finite else None,
            loss=self.tracker.add(point.loss) if finite and not skipped else None,
            nonfinite=nonfinite_kind(point.loss),
            train_loss=point.train_loss,
            metric=point.metric,
            skipped=skipped,
            seconds=self.seconds(),
        )


def broken_off(error: BaseException) -> Outcome:
    """The outcome of a test that an exception ended; GeneratorExit means it was closed."""
    if isinstance(error, GeneratorExit):
        return Outcome("stopped", "stopped by the user")
    if isinstance(error, KeyboardInterrupt):
        return Outcome("interrupted", "interrupted by the user")
    return Outcome("failed", f"broken off by {type(error).__name__}: {message_of(error)}")


def _measurement(
    iteration: int, lrs: tuple[float, ...], update: Update, validation: Validation | None
) -> Measurement:
    """What a training step has led to: its own loss, or the validation loss after it."""
    if validation is None:
        return Measurement(iteration, lrs, update.loss, None, update.metric, update.scale)
    loss, metric = validation()
    return Measurement(iteration, lrs, loss, update.loss, metric, update.scale)


def _fell(before: float | None, after: float | None) -> bool:
    """Whether the loss scale fell: a GradScaler lowers it when it skips the optimizer's step."""
    return before is not None and after is not None and after < before


def _out_of_data(progress: str) -> Outcome:
    return Outcome("stopped", f"out of data after {progress}")


def _out_of_time(max_seconds: float, progress: str) -> Outcome:
    return Outcome("stopped", f"out of time: {max_seconds:g} s allowed {progress}")
