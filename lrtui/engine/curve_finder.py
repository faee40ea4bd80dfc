"""Measuring the curves of a range test on live objects: what torch_lr_finder's class does."""

import inspect
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from math import isfinite
from types import TracebackType
from typing import Any, Self, Unpack

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine import precision as precisions
from lrtui.engine.batches import check_loaders, generators
from lrtui.engine.digest import digest
from lrtui.engine.history import empty, record
from lrtui.engine.initialise import check_initialises
from lrtui.engine.loop import Outcome
from lrtui.engine.objects import check_objects
from lrtui.engine.plot import plot_history
from lrtui.engine.rates import OwnRates
from lrtui.engine.repeats import Rig, all_repeats
from lrtui.engine.settings import Beyond, Given, Settings, ramp_of, settings_of
from lrtui.engine.snapshot import Snapshot
from lrtui.engine.step import check_update
from lrtui.engine.workbench import check_validated
from lrtui.events import Step


class CurveFinder:
    """Runs range tests, keeps their curves and puts everything back; the arguments are told at `LRFinder`."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        criterion: Callable[[Any, Any], torch.Tensor] | None = None,
        device: torch.device | str | None = None,
        memory_cache: bool = True,
        cache_dir: str | None = None,
        amp_backend: str | None = None,
        amp_config: dict[str, Any] | None = None,
        grad_scaler: Any = None,
        *,
        precision: str | None = None,
        channels_last: bool = False,
        cudnn_benchmark: bool | None = None,
        compile: bool = False,
        verbose: bool = True,
    ) -> None:
        check_objects(model, optimizer, criterion)
        homes = [param.device for param in model.parameters()] or [torch.device("cpu")]
        self.model_device = homes[0]
        self.device = torch.device(device) if device else self.model_device
        self._moves = device is not None or len(set(homes)) == 1
        if self.device.type == "cuda":
            torch.cuda.init()  # type: ignore[no-untyped-call]  # or its random states could not be remembered
        self._precision = precisions.of_backend(amp_backend, amp_config, grad_scaler, self.device)
        if precision is not None and amp_backend:
            raise ValueError("give `precision` or `amp_backend`, not both")
        if precision is not None:
            self._precision = precisions.of_name(precision, self.device)
            if isinstance(self._precision, precisions.Apex):
                model, optimizer = precisions.apex_initialize(model.to(self.device), optimizer, precision)
        self.model = model
        self.optimizer = optimizer
        self.criterion = criterion
        self.memory_cache = memory_cache
        self.cache_dir = cache_dir
        self.amp_backend = amp_backend
        self.amp_config = amp_config
        self.grad_scaler = grad_scaler
        self.verbose = verbose
        self._channels_last = channels_last
        self._cudnn_benchmark = cudnn_benchmark
        self._compiled = torch.compile(model) if compile else None
        self._active: weakref.ref[Generator[Any, None, Any]] | None = None
        self._chosen = Settings()
        self._clear()
        self._snapshot = self._start = self._taken()
        self._spent = False  # a test has left its weights, which nobody wants

    @property
    def optimizers(self) -> list[Optimizer]:
        """All optimizers, as a list."""
        return list(self.optimizer) if isinstance(self.optimizer, Sequence) else [self.optimizer]

    @property
    def best_loss(self) -> float | None:
        """The lowest smoothed loss so far, of all repeats; None before there is one."""
        return min((loss for one in self.histories for loss in one["loss"] if isfinite(loss)), default=None)

    def range_test(
        self,
        train_loader: Any,
        val_loader: Any = None,
        start_lr: float | Sequence[float] | None = None,
        end_lr: float | Sequence[float] = 10,
        num_iter: int = 100,
        step_mode: str = "exp",
        smooth_f: float = 0.05,
        diverge_th: float = 5,
        accumulation_steps: int = 1,
        non_blocking_transfer: bool = True,
        **beyond: Unpack[Beyond],
    ) -> None:
        """Run the test; its curve is in `history` then. Call `reset()` to have model and optimizer back.

        It starts from the state as it is, and goes back to there when it is broken off. Several repeats after a test
        that was not reset start where that one did.

        Args:
            train_loader: a DataLoader (or anything sized that can be iterated again), or a `TrainDataLoaderIter`.
            val_loader: the same for validation: with it the curve is the validation loss after each step.
            start_lr: the lowest rate, or a list with one for each parameter group; None: the optimizer's own.
            end_lr: the highest rate, or a list likewise.
            num_iter: how many optimizer steps.
            step_mode: "exp" or "linear".
            smooth_f: weight of the newest loss in the exponential smoothing, in [0, 1); 0 switches it off.
            diverge_th: stop when the smoothed loss exceeds this many times the best.
            accumulation_steps: batches per optimizer step.
            non_blocking_transfer: move batches asynchronously.
            **beyond: what goes beyond torch_lr_finder; see `Settings`.

        Raises:
            ValueError: an argument that makes no sense. Nothing has been touched then.
        """
        steps = self.steps(
            train_loader,
            val_loader,
            start_lr=start_lr,
            end_lr=end_lr,
            num_iter=num_iter,
            step_mode=step_mode,
            smooth_f=smooth_f,
            diverge_th=diverge_th,
            accumulation_steps=accumulation_steps,
            non_blocking_transfer=non_blocking_transfer,
            **beyond,
        )
        try:
            with closing(steps):
                for _ in steps:
                    pass
        except KeyboardInterrupt as error:  # between two steps, too
            self.status, self.reason = _broken_off(error)
            raise
        if self.verbose:
            print(f"Learning rate search finished: {self.reason}. See the graph with {type(self).__name__}.plot()")

    def steps(
        self, train_loader: Any, val_loader: Any = None, **settings: Unpack[Given]
    ) -> Generator[Step, None, None]:
        """The same work as a generator of steps; `settings` are the fields of `Settings`.

        When it is closed before its end, or an exception passes through it, model and optimizer are put back to where
        it began.

        Raises:
            ValueError: an argument that makes no sense, at once, before the first step.
        """
        chosen = settings_of(settings)
        check_loaders(train_loader, val_loader)
        check_validated(chosen, val_loader)
        if chosen.repeats > 1 and chosen.vary == "init":
            check_initialises(self.model)
        check_update(self.optimizers, self._precision, chosen.accumulation_steps, chosen.batch_step)
        self._end_active()
        if chosen.repeats > 1 and self._spent:
            self._put_back()  # repeats of what the last test left would be repeats of nothing
        own = OwnRates(self.optimizers)
        ramp = ramp_of(chosen, own.values)
        self._clear()
        self._chosen = chosen
        self._begin()
        self._start.watch(generators(train_loader) + generators(val_loader))
        steps = self._run(all_repeats(self._rig(), train_loader, val_loader, chosen, ramp), own)
        self._active = weakref.ref(steps)
        return steps

    def reset(self) -> None:
        """Put back everything as it was when this object was made: see `Snapshot`. Exact, as often as wanted.

        A test that is still going on, as a generator, is closed by it.
        """
        self._end_active()
        self._start = self._snapshot
        self._put_back()

    def digest(self) -> str:
        """A digest of model and optimizer as they are now: equal digests, equal states."""
        return digest(self._modules(), self.optimizers)

    def plot(
        self,
        skip_start: int = 10,
        skip_end: int = 5,
        log_lr: bool = True,
        show_lr: float | None = None,
        ax: Any = None,
        suggest_lr: bool = True,
    ) -> Any:
        """Plot loss over learning rate, as torch_lr_finder does, with matplotlib: `pip install 'lrtui[plot]'`.

        Args:
            skip_start: points left out at the start.
            skip_end: points left out at the end.
            log_lr: logarithmic learning-rate axis.
            show_lr: draw a vertical line here.
            ax: matplotlib axes to draw on; None: a figure of its own, which is shown.
            suggest_lr: mark torch_lr_finder's suggestion, the steepest point of the smoothed loss.

        Returns:
            The axes, or with `suggest_lr` the pair (axes, suggested learning rate).

        Raises:
            ValueError: a negative skip, or a `show_lr` that is no float.
            RuntimeError: too few points left for a suggestion.
        """
        return plot_history(self.history, skip_start, skip_end, log_lr, show_lr, ax, suggest_lr)

    def __enter__(self) -> Self:
        """Use as a context: whatever happens in it, model and optimizer are put back at its end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put everything back."""
        self.reset()

    def __getstate__(self) -> dict[str, Any]:
        """Everything but a test that is going on, which cannot be copied or written."""
        return {**vars(self), "_active": None}

    def _clear(self) -> None:
        self.history = empty()
        self.histories = [self.history]
        self.status = ""
        self.reason = ""

    def _taken(self) -> Snapshot:
        return Snapshot(
            self._modules(),
            self.optimizers,
            self._precision.scaler,
            in_memory=self.memory_cache,
            cache_dir=self.cache_dir,
        )

    def _begin(self) -> None:
        """Start from the state as it is now: what is broken off goes back to it.

        That takes a second copy only where somebody has trained on since this object was made or reset.
        """
        self._start = self._snapshot if self._snapshot.holds() else self._taken()

    def _put_back(self) -> None:
        """Go back to where the last test began."""
        self._start.restore()
        self._spent = False

    def _run(self, repeats: Generator[Step, None, Outcome], own: OwnRates) -> Generator[Step, None, None]:
        self.status = "running"
        self._spent = True
        try:
            with precisions.global_settings(self._precision, self._cudnn_benchmark), closing(repeats):
                self.status, self.reason = yield from self._recorded(repeats)
        except BaseException as error:
            self.status, self.reason = _broken_off(error)
            self._put_back()
            raise
        finally:
            self._active = None
        own.restore()

    def _recorded(self, steps: Generator[Step, None, Outcome]) -> Generator[Step, None, Outcome]:
        """Pass the steps on, and keep their curves."""
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if step.repeat == len(self.histories):
                self.histories.append(empty())
            if not step.skipped:
                record(step, self.histories[step.repeat])
            yield step

    def _end_active(self) -> None:
        """Close a test that was left in the middle: it would put everything back whenever it is collected."""
        steps = self._active() if self._active else None
        if steps is not None and inspect.getgeneratorstate(steps) == inspect.GEN_RUNNING:
            raise RuntimeError(
                "a range test cannot be reset, nor another one started, from inside one of its own steps"
            )
        self._active = None
        if steps is not None:
            steps.close()

    def _rig(self) -> Rig:
        return Rig(
            model=self.model,
            forward=self._compiled or self.model,
            criterion=self.criterion,
            optimizers=self.optimizers,
            precision=self._precision,
            device=self.device,
            snapshot=self._start,
            moves=self._moves,
            channels_last=self._channels_last,
        )

    def _modules(self) -> list[nn.Module]:
        return [self.model, *([self.criterion] if isinstance(self.criterion, nn.Module) else [])]


def _broken_off(error: BaseException) -> tuple[str, str]:
    """Status and reason of a test that something other than its own end has ended."""
    if isinstance(error, GeneratorExit):
        return "stopped", "stopped by the user"
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "interrupted by the user"
    return "failed", f"broken off by {type(error).__name__}: {error}"
