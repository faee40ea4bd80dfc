"""LRFinder: torch_lr_finder's class, with the same arguments, on this engine; and the answers that its curves give."""

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

from lrtui.analysis.analyse import Analysis, analyse
from lrtui.analysis.answer import Schedule, Suggestion
from lrtui.analysis.candidates import FACTOR
from lrtui.engine import precision as precisions
from lrtui.engine.batches import check_loaders, generators
from lrtui.engine.confirm.budget import Trials, budgeted, check_trials, drained
from lrtui.engine.confirm.trial_setup import (
    TrialSettings,
    TrialSetup,
    check_validated,
    rates_of_trials,
    trial_settings,
)
from lrtui.engine.confirm.verdict import Confirmation
from lrtui.engine.history import curves, empty, record
from lrtui.engine.initialise import check_initialises
from lrtui.engine.optim import OwnRates, momentum_of
from lrtui.engine.plot import plot_history
from lrtui.engine.range_test import Outcome
from lrtui.engine.repeats import all_repeats
from lrtui.engine.restore.digest import digest
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.settings import Beyond, Given, Settings, ramp_of, settings_of
from lrtui.engine.stability import Stability
from lrtui.engine.step import check_update
from lrtui.engine.training import Training
from lrtui.events import Step


class Trying(TrialSettings, total=False):
    """What `LRFinder.trials` takes beside loaders, as keyword arguments."""

    lr: float | None
    iterations: int | None
    seconds: float | None
    schedule: Schedule
    factor: float


class LRFinder:
    """Learning-rate range test (Smith, arXiv 1506.01186, section 3.3).

    A drop-in for torch_lr_finder's class: where both can do a job the curves are equal to the last bit. It differs on
    purpose in these:

    - `reset()` is exact however often it is called, and covers random states, gradients, train/eval flags, buffers of
      every kind, tensors, numbers and generators that a model keeps beside them, and whatever optimizers keep; a list
      or dict of a model's that holds no tensors is left alone, as somebody's log;
    - a test that is broken off, by an exception or Ctrl-C, goes back to where it began;
    - a loss that is not finite ends the test, a negative one does not;
    - an optimizer with a scheduler attached is not refused, and neither is bf16 without a GradScaler;
    - the optimizer has its own learning rates back as soon as a test is over;
    - a start_lr of 0 is used (linear) or refused (exp), not ignored, and so is an empty validation loader refused;
    - the model is put into train mode at first and after somebody's `eval()`, not at every step: a part that a
      criterion or forward puts into eval mode stays so;
    - a validation loss is divided by the examples seen, and computed under autocast where training is;
    - its private parts (`_train_batch`, `_validate`, `state_cacher`) are not there: where a subclass overrode them,
      give a `batch_step`.

    Args:
        model: the model; batches are moved to `device`, and so is the model while it is tested. Of several that train
            together (a GAN) it has all, in a ModuleList for instance: of one that only a `batch_step` knows the buffers
            and train/eval flags are not put back.
        optimizer: one optimizer or a list of them. Its own learning rate is the default start of the ramp.
        criterion: `(output, target) → loss`; None where the model returns its loss, or where `batch_step` computes it.
        device: where to compute; None: where the model is.
        memory_cache: keep the copy for `reset()` in memory, else in a file under `cache_dir`.
        cache_dir: an existing directory; None: the system's temporary one.
        amp_backend: None, "torch" or "apex" (model and optimizer prepared by `amp.initialize`).
        amp_config: keyword arguments of `torch.amp.autocast`.
        grad_scaler: for "torch"; needed for float16 only.
        precision: instead of the three before: fp32, tf32, bf16, fp16, apex-O1 or apex-O2.
        channels_last: convert the model to channels_last while it is tested.
        cudnn_benchmark: let cuDNN try its algorithms while it is tested; None leaves the setting alone.
        compile: run the forward through torch.compile (pays off only for long tests).
        verbose: print how a test ended.

    Raises:
        TypeError: something that is no model, no optimizer or no criterion, such as the class of one.
        ValueError: an unusable `cache_dir`, backend or precision, or a model with lazy layers that have no shape yet.

    Attributes:
        history: lists "lr" and "loss" (smoothed) as torch_lr_finder's, "raw_loss", and where they were measured
            "train_loss", "metric" and "group_lrs"; of the first repeat.
        histories: one of them per repeat.
        status: "" before a test, then running, completed, diverged, stopped, interrupted (Ctrl-C) or failed.
        reason: how it came to that, in words.
    """

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
                model, optimizer = precisions.apex_initialize(
                    model.to(self.device), optimizer, precision
                )
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
        return min(
            (loss for one in self.histories for loss in one["loss"] if isfinite(loss)), default=None
        )

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
            print(
                f"Learning rate search finished: {self.reason}. See the graph with {type(self).__name__}.plot()"
            )

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
        steps = self._run(
            all_repeats(self._training(), train_loader, val_loader, chosen, ramp), own
        )
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

    def analysis(self) -> Analysis:
        """All that the curves of the last test say, at once: suggestion, published rules, bounds."""
        return analyse(curves(self.histories, self._chosen, momentum_of(self.optimizer)))

    def suggestion(self) -> Suggestion:
        """The learning rate that the curves of the last test speak for, or the reason why there is none."""
        return self.analysis().suggestion

    def bounds(self) -> tuple[float, float] | None:
        """base_lr and max_lr of a cyclical schedule (arXiv 1506.01186, section 3.3); None if the curves have none."""
        bounds = self.analysis().bounds
        return None if bounds is None else (bounds.start_lr, bounds.end_lr)

    def confirm(
        self, train_loader: Any, val_loader: Any = None, **how: Unpack[Trying]
    ) -> Confirmation:
        """Does the suggestion hold? Short trainings at it and at its rivals, all from the same start, on the same data.

        Args:
            train_loader: as for `range_test`.
            val_loader: with it a trial is judged by its validation loss, else by the last fifth of its training losses.
            **how: see `trials`.

        Returns:
            What the trials say: confirmed, refuted by a better rate, or undecided.

        Raises:
            ValueError: as `trials`.
        """
        return drained(self.trials(train_loader, val_loader, **how))

    def trials(
        self,
        train_loader: Any,
        val_loader: Any = None,
        *,
        lr: float | None = None,
        iterations: int | None = None,
        seconds: float | None = None,
        schedule: Schedule = "constant",
        factor: float = FACTOR,
        **settings: Unpack[TrialSettings],
    ) -> Trials:
        """The same work as `confirm` as a generator of steps and finished trials; it returns the confirmation.

        All of them start where the last test did, and however it ends, by itself, closed or by an exception, model and
        optimizer are put back to there.

        Args:
            train_loader: as for `range_test`.
            val_loader: as for `confirm`.
            lr: the rate to confirm; None: the suggestion, or for one-cycle the upper bound.
            iterations: optimizer steps in all trials together; None: some hundreds, more for more rates.
            seconds: end when so much time has passed; as many rates are tried as that allows for.
            schedule: "constant", or "one-cycle" with the rates as its peaks.
            factor: try the rates so many times above and below as well.
            **settings: `accumulation_steps`, `clip_grad_norm`, `val_batches`, `batch_step` and `non_blocking_transfer`
                where they are not to be those of the last test.

        Raises:
            ValueError: nothing to confirm, or an argument that makes no sense. Nothing has been touched then.
        """
        rates = rates_of_trials(lr, self.analysis(), factor, schedule)
        chosen = trial_settings(self._chosen, settings)
        check_loaders(train_loader, val_loader)
        check_validated(chosen, val_loader)
        check_trials(iterations, seconds, schedule)
        check_update(self.optimizers, self._precision, chosen.accumulation_steps, chosen.batch_step)
        setup = self._trial_setup(train_loader, val_loader, chosen)
        run = self._restored(
            budgeted(lambda: setup.runner(val_loader), rates, iterations, seconds, schedule)
        )
        self._active = weakref.ref(run)
        return run

    def stability(
        self, train_loader: Any, batches: int = 2, **settings: Unpack[TrialSettings]
    ) -> Stability:
        """The largest stable learning rate at the start of training, by the curvature of the first batches' mean loss.

        See `lrtui.engine.stability` for where that holds. Model and optimizer go back to where the last test began.

        Args:
            train_loader: as for `range_test`.
            batches: how many batches the curvature is measured on.
            **settings: `batch_step`, where it is not to be that of the last test.

        Raises:
            ValueError: an optimizer without a theory, or no positive curvature.
            RuntimeError: an operation of the model cannot be differentiated twice.
        """
        chosen = trial_settings(self._chosen, settings)
        check_loaders(train_loader, None)
        setup = self._trial_setup(train_loader, None, chosen)
        try:
            return setup.stability(batches)
        finally:
            self._put_back()

    def show(
        self, train_loader: Any = None, val_loader: Any = None, **settings: Unpack[Given]
    ) -> int:
        """Open the app on these live objects: see `lrtui.show`."""
        import lrtui

        return lrtui.show(self, train_loader, val_loader, **settings)

    def __enter__(self) -> Self:
        """Use as a context: whatever happens in it, model and optimizer are put back at its end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
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

    def _run(
        self, repeats: Generator[Step, None, Outcome], own: OwnRates
    ) -> Generator[Step, None, None]:
        self.status = "running"
        self._spent = True
        try:
            with (
                precisions.global_settings(self._precision, self._cudnn_benchmark),
                closing(repeats),
            ):
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

    def _training(self) -> Training:
        return Training(
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

    def _trial_setup(self, train_loader: Any, val_loader: Any, chosen: Settings) -> TrialSetup:
        """A place for trainings that start where the last test did, or here where there is none to go back behind."""
        self._end_active()
        if not self._spent:
            self._begin()
        self._start.watch(generators(train_loader) + generators(val_loader))
        return TrialSetup(self._training(), train_loader, chosen, OwnRates(self.optimizers).values)

    def _restored(self, trials: Trials) -> Trials:
        try:
            with (
                precisions.global_settings(self._precision, self._cudnn_benchmark),
                closing(trials),
            ):
                return (yield from trials)
        finally:
            self._active = None
            self._put_back()


def _broken_off(error: BaseException) -> tuple[str, str]:
    """Status and reason of a test that something other than its own end has ended."""
    if isinstance(error, GeneratorExit):
        return "stopped", "stopped by the user"
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "interrupted by the user"
    return "failed", f"broken off by {type(error).__name__}: {error}"


def check_objects(model: Any, optimizer: Any, criterion: Any) -> None:
    """Raise TypeError for what is no model, optimizer or criterion; classes in place of objects are the usual slip."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"`model` must be an nn.Module, got {_named(model)}")
    optimizers = optimizer if isinstance(optimizer, Sequence) else [optimizer]
    if not optimizers:
        raise TypeError("`optimizer` must be an optimizer or a list of them, got an empty list")
    for one in optimizers:
        # wrappers of optimizers (apex, accelerate) need not inherit from torch's class
        if isinstance(one, type) or not (hasattr(one, "param_groups") and hasattr(one, "step")):
            raise TypeError(
                f"`optimizer` must be a torch.optim optimizer or a list of them, got {_named(one)}"
            )
    if isinstance(criterion, type) or not (criterion is None or callable(criterion)):
        raise TypeError(
            f"`criterion` must be a function of (output, target), or None, got {_named(criterion)}"
        )


def _named(thing: Any) -> str:
    if isinstance(thing, type):
        return f"the class {thing.__name__}: give an instance of it"
    return "None" if thing is None else f"a {type(thing).__name__}"
