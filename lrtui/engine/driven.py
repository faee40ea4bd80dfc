"""A range test inside a training loop that is not ours: it sets the rates and takes the losses."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import TypedDict, cast

import torch
from torch.amp import GradScaler
from torch.optim import Optimizer

from lrtui import settings as shared
from lrtui.engine.checks.rate_guard import RateGuard
from lrtui.engine.checks.rates import rate_notice
from lrtui.engine.checks.updates import updates_of
from lrtui.engine.deferred import LateReader, Measurement, Point, default_lag
from lrtui.engine.distributed.ranks import all_ranks
from lrtui.engine.failures.nonfinite import Explanation, Losses
from lrtui.engine.optim import (
    SavedLearningRates,
    parameters_of,
    set_learning_rates,
    unshare_learning_rates,
)
from lrtui.engine.range_test import GrowingCurve, Outcome
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.settings import (
    DivergeTh,
    EndLr,
    Given,
    KeepRatios,
    Settings,
    StartLr,
    StepMode,
    ramp_of,
    settings_of,
)
from lrtui.engine.tracker import Tracker
from lrtui.engine.types import Loader, Say, Scalar
from lrtui.events import Notice, Step

NO_STEP = (
    "update() was called without an optimizer.step() before it: call it once after every step"
    " (where a GradScaler may skip one, give it: watch(optimizer, scaler=scaler))"
)


class DrivenSettings(TypedDict, total=False):
    """The settings of a test whose steps somebody else takes, as keyword arguments."""

    start_lr: StartLr
    end_lr: EndLr
    num_iter: shared.NumIter
    step_mode: StepMode
    smooth_f: shared.SmoothF
    diverge_th: DivergeTh
    keep_ratios: KeepRatios


def driven_settings(given: DrivenSettings) -> Settings:
    """The settings that keyword arguments make.

    Raises:
        TypeError: there is no setting of that name, or the loop decides it.
        ValueError: a value that cannot be used.
    """
    settings = settings_of(cast(Given, given))
    for name in given:
        if name not in DrivenSettings.__annotations__:
            known = ", ".join(DrivenSettings.__annotations__)
            raise TypeError(f"`{name}` is up to the training loop; the test has {known}")
    return settings


class DrivenTest:
    """Tests in the same loop, one after the other, each from `begin` to `restore`.

    Args:
        optimizers: of the loop.
        settings: of the test.
        scaler: the GradScaler of the loop: a step that it skips is no point of the curve.
        take_snapshot: of all that the loop changes.
        record: takes every step that is measured.
        say: takes the notices.

    Attributes:
        ranks: those that measure together; None: this process alone.
        lrs: the rates of the next step, of every parameter group.
        iteration: how many steps have been taken.
        planned: how many steps the whole test takes.
    """

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        settings: Settings,
        scaler: GradScaler | None,
        take_snapshot: Callable[[], Snapshot],
        record: Callable[[Step], None],
        say: Say,
    ) -> None:
        self._optimizers = optimizers
        self._settings = settings
        self._scaler = scaler
        self._take_snapshot = take_snapshot
        self._record = record
        self._say = say
        self._ramp = ramp_of(settings, SavedLearningRates(optimizers).values)
        self._device = _device_of(optimizers)
        self.ranks = all_ranks(self._device)
        self.planned = len(self._ramp)
        self.iteration = 0
        self.lrs = self._ramp.lrs_at(0)

    def begin(self) -> None:
        """Save everything, and set the first rates."""
        with ExitStack() as stack:  # if anything fails here, what was done before is undone
            own_lrs = SavedLearningRates(self._optimizers)
            stack.callback(own_lrs.restore)
            self._snapshot = self._take_snapshot()
            stack.callback(self._snapshot.end)
            stack.callback(self._snapshot.restore)
            self._snapshot.begin([])
            if self._snapshot.why:
                self._say(Notice(text=self._snapshot.why))
            self._begin_curve()
            unshare_learning_rates(self._optimizers)
            self._check_rates(stack)
            self._set_rates(0)
            self._stack = stack.pop_all()

    def restore(self) -> None:
        """Put everything back as it was at `begin`."""
        try:
            self._stack.close()
        finally:
            del self._snapshot  # a copy of the whole model

    def watch_loader(self, loader: Loader) -> None:
        """Also put back what a loader owns."""
        self._snapshot.watch_loader(loader)

    def add(self, loss: Scalar) -> Outcome | None:
        """Take the loss of a step, and set the rates of the next one; the outcome at the end.

        Raises:
            RuntimeError: no step was taken since the last call.
        """
        self._check_step()
        value = self._over_ranks(loss)
        self._reader.add(Measurement(self.iteration, self.lrs, value, loss_scale=self._scale()))
        self.iteration += 1
        outcome = self._read(self._reader.arrived())
        if outcome is None and self.iteration == self.planned:
            outcome = self.remaining()
            outcome = outcome or Outcome("completed", f"all {self.planned} iterations ran")
        if outcome is None:
            self._set_rates(self.iteration)
        return outcome

    def remaining(self) -> Outcome | None:
        """Read the losses that are still on their way; the outcome if they have blown up."""
        return self._read(self._reader.remaining())

    def _begin_curve(self) -> None:
        began = time.perf_counter()
        self.iteration = 0
        self._reader = LateReader(self._device, default_lag(self._device))
        self._curve = GrowingCurve(
            Tracker(self._settings.smooth_f, self._settings.diverge_th),
            self._scale(),
            0,
            lambda: time.perf_counter() - began,
            lambda *_: Explanation(),
            Losses(),
        )

    def _read(self, points: Iterable[Point]) -> Outcome | None:
        """Record measured points; the outcome if the loss has blown up."""
        steps = self._curve.steps(points)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Outcome | None = end.value
                return outcome
            self._record(step)

    def _set_rates(self, iteration: int) -> None:
        self.lrs = self._ramp.lrs_at(iteration)
        set_learning_rates(self._optimizers, self.lrs)

    def _check_rates(self, stack: ExitStack) -> None:
        """Say if an optimizer does not use its rate, or if something else sets it; see steps."""
        notice = rate_notice(self._optimizers, self._ramp, updates_of(self._optimizers))
        if notice is not None:
            self._say(notice)
        guard = RateGuard(self._optimizers, self._ramp, self._say)
        stack.callback(guard.close)
        self._has_stepped: bool | None = None  # nobody can tell
        if self._scaler is not None:  # it may skip a step
            return
        with suppress(AttributeError):  # a wrapper without hooks of its own
            handle = self._optimizers[0].register_step_post_hook(self._see_step)
            stack.callback(handle.remove)
            self._has_stepped = False

    def _see_step(self, *_: object) -> None:
        self._has_stepped = True

    def _check_step(self) -> None:
        if self._has_stepped is None:
            return
        if not self._has_stepped:
            raise RuntimeError(NO_STEP)
        self._has_stepped = False

    def _over_ranks(self, loss: Scalar) -> Scalar:
        """The mean over all ranks: they have to end at the same step, or wait for each other."""
        if isinstance(loss, torch.Tensor):
            loss = loss.detach()
        if self.ranks is None:
            return loss
        (mean,) = self.ranks.mean(loss)
        assert mean is not None
        return mean

    def _scale(self) -> float | None:
        return None if self._scaler is None else float(self._scaler.get_scale())


def _device_of(optimizers: Sequence[Optimizer]) -> torch.device:
    for parameter in parameters_of(optimizers):
        return parameter.device
    return torch.device("cpu")
