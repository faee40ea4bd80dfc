"""The range test inside any training loop: the loop trains, `Watch` sets the rates and measures."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import torch
import torch.distributed as dist
from torch import nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from lrtui.analysis.analyse import Analysis, analyse
from lrtui.analysis.answer import Schedule, Suggestion
from lrtui.analysis.plan import plan_of
from lrtui.engine.checks.rate_guard import RateGuard
from lrtui.engine.checks.rates import rate_notice
from lrtui.engine.checks.updates import updates_of
from lrtui.engine.data.batches import check_loaders, train_batches
from lrtui.engine.deferred import LateReader, Measurement, Point, default_lag
from lrtui.engine.failures.nonfinite import Explanation, Losses
from lrtui.engine.history import curves, empty, record
from lrtui.engine.objects import check_also, check_objects
from lrtui.engine.optim import (
    SavedLearningRates,
    momentum_of,
    parameters_of,
    set_learning_rates,
    unprepared,
    unshare_learning_rates,
)
from lrtui.engine.range_test import GrowingCurve, Outcome, broken_off
from lrtui.engine.restore.placement import check_place
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.settings import Settings, ramp_of
from lrtui.engine.tracker import Tracker
from lrtui.engine.types import Batch, Loader, Scalar, Stateful
from lrtui.events import Notice, obstacle_among
from lrtui.notebook.card import curve_card, empty_card
from lrtui.notebook.progress import say
from lrtui.settings import SnapshotPlace

NO_STEP = (
    "update() was called without an optimizer.step() before it: call it once after every step"
    " (where a GradScaler may skip one, give it: watch(optimizer, scaler=scaler))"
)


def watch(
    optimizer: Optimizer | Sequence[Optimizer],
    model: nn.Module | None = None,
    *,
    start_lr: float | Sequence[float] | None = 1e-7,
    end_lr: float | Sequence[float] = 10,
    num_iter: int = 400,
    step_mode: str = "exp",
    smooth_f: float = 0.05,
    diverge_th: float = 5,
    keep_ratios: bool = False,
    scaler: GradScaler | None = None,
    also: Sequence[Stateful] = (),
    verbose: bool = True,
    snapshot: SnapshotPlace = "auto",
) -> "Watch":
    """The range test in a training loop of yours.

        with lrtui.watch(optimizer, model) as test:
            for inputs, targets in test.batches(loader):
                optimizer.zero_grad()
                loss = criterion(model(inputs), targets)
                loss.backward()
                optimizer.step()
                test.update(loss)
        print(test.suggestion())

    The rates are set on entering and by every `update`. On leaving, by an exception too, everything
    is as it was on entering, to the last bit: the parameters that the optimizer holds, their
    gradients, its state and rates, and the global random states. Buffers, train/eval flags, and
    parameters that the optimizer does not hold are put back only of a `model` that is given. Under
    torchrun every rank calls `update`, and the curve is the mean over the ranks.

    Args:
        optimizer: one optimizer or a list of them.
        model: whose buffers (batch norm) and flags are put back too.
        start_lr: as in `LRFinder.range_test`, and so are the next six.
        end_lr: the highest rate, or a list with one per parameter group.
        num_iter: the number of optimizer steps.
        step_mode: "exp" or "linear".
        smooth_f: weight of the newest loss in the smoothing.
        diverge_th: end when the smoothed loss exceeds the best one by this factor.
        keep_ratios: keep the ratios of the groups' rates.
        scaler: the GradScaler of the loop: a step that it skips is no point of the curve.
        also: further objects with a state_dict that the loop changes: an average, a scheduler.
        verbose: print what there is to know about the test.
        snapshot: as in `LRFinder`: "auto", "cpu" or "device".

    Raises:
        TypeError: not an optimizer, not a model, or an object of `also` that cannot be put back.
        ValueError: settings that make no sense.
    """
    settings = Settings(
        start_lr=start_lr,
        end_lr=end_lr,
        num_iter=num_iter,
        step_mode=step_mode,
        smooth_f=smooth_f,
        diverge_th=diverge_th,
        keep_ratios=keep_ratios,
    )
    check_objects(nn.Identity() if model is None else model, optimizer, None)
    check_also(also)
    optimizer, prepared_scaler = unprepared(optimizer)
    optimizers = list(optimizer) if isinstance(optimizer, Sequence) else [optimizer]
    modules = [thing for thing in (model, *also) if isinstance(thing, nn.Module)]
    others = [thing for thing in also if not isinstance(thing, nn.Module)]
    check_place(snapshot)
    return Watch(
        optimizers,
        modules,
        settings,
        scaler or prepared_scaler,
        others,
        verbose=verbose,
        snapshot=snapshot,
    )


class Watch:
    """A range test that a training loop drives; `watch` makes one.

    Attributes:
        history: as that of `LRFinder`: lists "lr", "loss" (smoothed) and "raw_loss".
        status: "" before the test, then running, completed, diverged, stopped, interrupted or
            failed.
        reason: why it has that status, in words.
        notices: what there is to know about the test.
    """

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        modules: Sequence[nn.Module],
        settings: Settings,
        scaler: GradScaler | None = None,
        also: Sequence[Stateful] = (),
        *,
        verbose: bool = True,
        snapshot: SnapshotPlace = "auto",
    ) -> None:
        self._optimizers = optimizers
        self._modules = modules
        self._settings = settings
        self._scaler = scaler
        self._also = also
        self._verbose = verbose
        self._place = snapshot
        self._ramp = ramp_of(settings, SavedLearningRates(optimizers).values)
        self._device = _device_of(optimizers)
        self.status = self.reason = ""
        self.history = empty()
        self.notices: list[Notice] = []

    def __enter__(self) -> Self:
        """Save everything, and set the first rates."""
        if self.status == "running":
            raise RuntimeError("this test is running: leave its `with` before it begins again")
        self.history = empty()
        self.notices = []
        self._snapshot = Snapshot(
            self._modules, self._optimizers, self._scaler, also=self._also, place=self._place
        )
        if self._snapshot.why:
            self._note(Notice(text=self._snapshot.why))
        self._snapshot.begin([])
        self._own_lrs = SavedLearningRates(self._optimizers)
        unshare_learning_rates(self._optimizers)
        self._handle: RemovableHandle | None = None
        self._has_stepped = False
        self._iteration = 0
        self._reader = LateReader(self._device, default_lag(self._device))
        self._curve = _curve(self._settings, self._scale(), time.perf_counter())
        self._check_rates()
        self._set_rates()
        self.status, self.reason = "running", ""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put everything back; what was measured stays."""
        if self.status == "running":
            self._end(self._read(self._reader.remaining()) or self._left(error))
        if self._handle is not None:
            self._handle.remove()
        self._guard.close()
        self._snapshot.restore()
        self._snapshot.end()
        self._own_lrs.restore()

    @property
    def is_over(self) -> bool:
        """Whether the test has ended: all rates were used, or the loss has diverged."""
        return self.status != "running"

    @property
    def planned(self) -> int:
        """How many steps the whole test takes."""
        return len(self._ramp)

    @property
    def lr(self) -> float:
        """The rate of the next step, of parameter group 0."""
        return self._lrs[0]

    def update(self, loss: Scalar) -> bool:
        """Take the loss of a step, after `optimizer.step()`, and set the rates of the next one.

        Args:
            loss: a scalar, measured before the step; where gradients of several batches are
                accumulated, their mean.

        Returns:
            Whether the test goes on; False is the time to leave the loop.

        Raises:
            RuntimeError: outside of the `with`, or without a step since the last call.
        """
        self._check_begun()
        if self.is_over:
            return False
        self._check_step()
        value = _over_ranks(loss.detach() if isinstance(loss, torch.Tensor) else loss, self._device)
        self._reader.add(Measurement(self._iteration, self._lrs, value, loss_scale=self._scale()))
        self._iteration += 1
        outcome = self._read(self._reader.arrived())
        if outcome is None and self._iteration == len(self._ramp):
            outcome = self._read(self._reader.remaining())
            outcome = outcome or Outcome("completed", f"all {len(self._ramp)} iterations ran")
        if outcome is not None:
            self._end(outcome)
            return False
        self._set_rates()
        return True

    def batches(self, loader: Loader) -> Iterator[Batch]:
        """The batches of a loader, epoch after epoch, until the test is over."""
        self._check_begun()
        check_loaders(loader, None)
        self._snapshot.watch_loader(loader)
        batches = train_batches(loader)
        while not self.is_over:
            yield next(batches)

    def analysis(
        self, schedule: Schedule = "constant", steps: int | None = None, warmup: int = 0
    ) -> Analysis:
        """The whole analysis of the curve, as `LRFinder.analysis`."""
        momentum = momentum_of(self._optimizers)
        measured = curves([self.history], self._settings, momentum, self.reason)
        return analyse(measured, obstacle_among(self.notices), plan_of(schedule, steps, warmup))

    def suggestion(
        self, schedule: Schedule = "constant", steps: int | None = None, warmup: int = 0
    ) -> Suggestion:
        """The learning rate that the curve suggests, as `LRFinder.suggestion`."""
        return self.analysis(schedule, steps, warmup).suggestion

    def _repr_html_(self) -> str:
        """How Jupyter shows it: the curve, and what it suggests."""
        if not self.history["lr"]:
            return empty_card("Watch: no losses yet. update(loss) takes one after every step.")
        return curve_card(self.history, self.suggestion(), self.status, self.reason)

    def _check_begun(self) -> None:
        if not self.status:
            raise RuntimeError("the test has not begun: use it inside `with … as test:`")

    def _set_rates(self) -> None:
        self._lrs = self._ramp.lrs_at(self._iteration)
        set_learning_rates(self._optimizers, self._lrs)

    def _read(self, points: Iterable[Point]) -> Outcome | None:
        """Add measured points to the history; the outcome if the loss has blown up."""
        steps = self._curve.steps(points)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Outcome | None = end.value
                return outcome
            if not step.skipped:
                record(step, self.history)

    def _left(self, error: BaseException | None) -> Outcome:
        """The outcome where the `with` is left before the test is over."""
        if error is not None:
            return broken_off(error)
        progress = f"{self._iteration} of {len(self._ramp)} iterations"
        return Outcome("stopped", f"the loop ended after {progress}")

    def _end(self, outcome: Outcome) -> None:
        self.status, self.reason = outcome.status, outcome.reason

    def _check_rates(self) -> None:
        """Say if the optimizer does not use its rate, or if something else sets it."""
        notice = rate_notice(self._optimizers, self._ramp, updates_of(self._optimizers))
        if notice is not None:
            self._note(notice)
        self._guard = RateGuard(self._optimizers, self._ramp, self._note)
        if self._scaler is None:
            with suppress(AttributeError):  # a wrapper without hooks of its own
                first = self._optimizers[0]
                self._handle = first.register_step_post_hook(self._see_step)

    def _see_step(self, *_: object) -> None:
        self._has_stepped = True

    def _check_step(self) -> None:
        if self._handle is not None and not self._has_stepped:
            raise RuntimeError(NO_STEP)
        self._has_stepped = False

    def _scale(self) -> float | None:
        return None if self._scaler is None else float(self._scaler.get_scale())

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        if self._verbose:
            say(notice.text)


def _curve(settings: Settings, scale: float | None, began: float) -> GrowingCurve:
    return GrowingCurve(
        Tracker(settings.smooth_f, settings.diverge_th),
        scale,
        0,
        lambda: time.perf_counter() - began,
        lambda *_: Explanation(),
        Losses(),
    )


def _over_ranks(loss: Scalar, device: torch.device) -> Scalar:
    """The mean loss of all ranks: they have to end at the same step, or wait for each other."""
    if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
        return loss
    total = torch.as_tensor(loss, dtype=torch.float64, device=device).clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def _device_of(optimizers: Sequence[Optimizer]) -> torch.device:
    for parameter in parameters_of(optimizers):
        return parameter.device
    return torch.device("cpu")
