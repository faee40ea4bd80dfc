"""LRFinder: torch_lr_finder's class, with the same arguments, on this engine."""

import inspect
import warnings
import weakref
from collections.abc import Generator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Self, Unpack, cast

import torch
from torch import nn
from torch.amp import GradScaler
from torch.optim import Optimizer

from lrtui.analysis.answer import ANY_PLAN, Plan, Schedule
from lrtui.analysis.plan import plan_of
from lrtui.analysis.race import STEP
from lrtui.analysis.race_verdict import Race
from lrtui.catalog.errors import PhaseError, one_line, with_user_line
from lrtui.engine import precision as precisions
from lrtui.engine.data.batches import check_loaders
from lrtui.engine.data.workers import PERSISTENT, persistent_workers
from lrtui.engine.distributed.wrapped import Wrapped, ranks_of
from lrtui.engine.failures.described import Failure, Parts, describe, replacement
from lrtui.engine.initialise.draws import check_initialises
from lrtui.engine.objects import check_also, check_objects
from lrtui.engine.optim import SavedLearningRates, unprepared
from lrtui.engine.race.budget import budgeted, check_trials, drained
from lrtui.engine.race.race import Trials
from lrtui.engine.race.trial_setup import (
    TrialSettings,
    TrialSetup,
    check_validated,
    rates_of_race,
    trial_settings,
)
from lrtui.engine.ramp import Course
from lrtui.engine.range_test import Outcome, broken_off
from lrtui.engine.reading.notes import Notes
from lrtui.engine.repeats import Measuring, all_repeats, going_on
from lrtui.engine.restore.digest import combined, digest
from lrtui.engine.restore.placement import check_place
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.settings import (
    Beyond,
    Given,
    Settings,
    check_effects,
    extended,
    ramp_of,
    settings_of,
)
from lrtui.engine.stability import Stability
from lrtui.engine.step import check_update, updates_itself
from lrtui.engine.training import Training
from lrtui.engine.types import Criterion, Loader, Stateful
from lrtui.events import Notice, Step, obstacle_among
from lrtui.finder.measured import Measured
from lrtui.finder.origin import Origin
from lrtui.notebook.progress import progress
from lrtui.settings import SnapshotPlace


class TrialOptions(TrialSettings, total=False):
    """The keyword arguments of `LRFinder.trials`, apart from the loaders."""

    lr: float | None
    iterations: int | None
    seconds: float | None
    schedule: Schedule
    steps: int
    warmup: int
    factor: float


class LRFinder(Measured):
    """Learning-rate range test (Smith, arXiv 1506.01186, section 3.3).

    A drop-in for torch_lr_finder's class: where both can do a job the curves are equal to the last
    bit. It differs on purpose in these points:

    - `reset()` is exact, any number of times. It covers gradients, train/eval flags, buffers of
      every kind, tensors, numbers and parts that are attributes of a model, hooks, and whatever
      optimizers keep. A list or dict of a model that holds no tensors is left alone: it may be a
      log. It covers the global random states, and random generators of torch, numpy and Python that
      the model, its data or a function own. Objects beside the model need `also`.
    - After an exception or Ctrl-C everything is put back to where the test began.
    - A loss that is not finite ends the test, a negative one does not.
    - An optimizer with a scheduler attached is not refused, and neither is bf16 without a
      GradScaler.
    - The optimizer has its own learning rates again as soon as a test is over.
    - A start_lr of 0 is used (linear) or refused (exp), not ignored. An empty validation loader is
      refused.
    - The model is put into train mode at the start and after somebody's `eval()`, not at every
      step: a part that a criterion or forward puts into eval mode stays in it.
    - A validation loss is divided by the number of examples seen, and computed under autocast if
      training is.
    - Its private methods (`_train_batch`, `_validate`, `state_cacher`) do not exist: instead of
      overriding them in a subclass, give a `batch_step`.

    Args:
        model: the model; batches are moved to `device`, and so is the model while it is tested. If
            several train together (a GAN), give all of them, in a ModuleList for instance: the
            buffers and train/eval flags of a model that only a `batch_step` knows are not put back.
        optimizer: one optimizer or a list of them. Its own learning rate is the default start of
            the ramp. What accelerate's `prepare` returned is used with its precision.
        criterion: `(output, target) → loss`; None if the model returns its loss or a `batch_step`
            does.
        device: where to compute; None: where the model is.
        memory_cache: keep the copy for `reset()` in memory, otherwise in a file under `cache_dir`.
        cache_dir: an existing directory; None: the system's temporary one.
        amp_backend: None, "torch" or "apex" (model and optimizer prepared by `amp.initialize`).
        amp_config: keyword arguments of `torch.amp.autocast`.
        grad_scaler: for "torch"; required for float16 only.
        precision: instead of the three before: fp32, tf32, bf16, fp16, apex-O1 or apex-O2.
        channels_last: convert the model to channels_last while it is tested.
        cudnn_benchmark: set cuDNN's benchmark mode while the model is tested; None leaves it alone.
        compile: run the forward through torch.compile (worth its time only for long tests).
        verbose: print notices (what a batch is taken for, for example), and how a test ended.
        also: objects beside the model that change in a test, because hooks or a `batch_step` update
            them: an average of the weights, a teacher, a scheduler, a metric. Anything with
            `state_dict` and `load_state_dict` is put back with the model; modules to the last bit
            and in place.
        snapshot: where the copy for `reset()` is in memory: "device", beside the model; "cpu", in
            pinned memory; "auto", on the GPU unless it is short of memory for training, of which a
            notice tells. All are as exact.

    Raises:
        TypeError: not a model, an optimizer or a criterion (the class of one, for example), or an
            object of `also` without these two methods.
        ValueError: an unusable `cache_dir`, backend or precision, a model with lazy layers that
            have no shape yet, or no memory for a copy.

    Attributes:
        failure: the phase in which the last test failed, and one line; None if it did not.
        history, histories, status, reason, notices: see `Measured`.
    """

    _how_to_start = "no range test yet. range_test(train_loader) runs one."

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        criterion: Criterion | None = None,
        device: torch.device | str | None = None,
        memory_cache: bool = True,
        cache_dir: str | None = None,
        amp_backend: str | None = None,
        amp_config: dict[str, Any] | None = None,
        grad_scaler: GradScaler | None = None,
        *,
        precision: str | None = None,
        channels_last: bool = False,
        cudnn_benchmark: bool | None = None,
        compile: bool = False,
        verbose: bool = True,
        also: Sequence[Stateful] = (),
        snapshot: SnapshotPlace = "auto",
    ) -> None:
        check_objects(model, optimizer, criterion)
        check_also(also)
        check_place(snapshot)
        if not memory_cache and snapshot != "auto":
            raise ValueError("`snapshot` has no effect: with memory_cache=False it is in a file")
        param_devices = [param.device for param in model.parameters()] or [torch.device("cpu")]
        self.model_device = param_devices[0]
        self.device = torch.device(device) if device else self.model_device
        self._moves = device is not None or len(set(param_devices)) == 1
        if self.device.type == "cuda":
            # before the snapshot, which saves the random states of devices in use
            torch.cuda.init()  # type: ignore[no-untyped-call]
        optimizer, prepared_scaler = unprepared(optimizer)
        self._precision = precisions.of_backend(amp_backend, amp_config, grad_scaler, self.device)
        if prepared_scaler is not None:
            self._precision = precisions.of_prepared(prepared_scaler, self.device)
        if precision is not None:
            if amp_backend:
                raise ValueError("give `precision` or `amp_backend`, not both")
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
        self.snapshot = snapshot
        self.amp_backend = amp_backend
        self.amp_config = amp_config
        self.grad_scaler = grad_scaler
        self.ranks = ranks_of(model, self.device)
        self.verbose = verbose
        self.also = list(also)
        self._channels_last = channels_last
        self._cudnn_benchmark = cudnn_benchmark
        self._compiled = cast(nn.Module, torch.compile(model)) if compile else None
        self._active: weakref.ref[Generator[Any, None, Any]] | None = None
        self._settings = Settings()
        self._measuring: Measuring | None = None  # the last test, as long as it can go on
        self._loaders: tuple[Any, Any] = (None, None)  # of the last test
        self._own_lrs: tuple[float | None, ...] = ()  # the optimizers', before the last test
        self.failure: PhaseError | None = None
        self._clear_history()
        self._origin = Origin(self._take_snapshot())

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
        """Run the test; its curve is in `history` afterwards. `reset()` restores everything.

        It starts from the current state, and goes back to it after an exception or Ctrl-C. Several
        repeats after a test that was not reset start where that test did.

        Args:
            train_loader: a DataLoader (or anything that has a length and can be iterated again), or
                a `TrainDataLoaderIter`.
            val_loader: the same for validation: with it the curve is the validation loss after each
                step.
            start_lr: the lowest rate, or a list with one per parameter group; None: the optimizer's
                own.
            end_lr: the highest rate, or a list with one per parameter group.
            num_iter: the number of optimizer steps.
            step_mode: "exp" or "linear".
            smooth_f: weight of the newest loss in the exponential smoothing, in [0, 1); 0 switches
                it off.
            diverge_th: stop when the smoothed loss exceeds the best one by this factor.
            accumulation_steps: batches per optimizer step.
            non_blocking_transfer: move batches asynchronously.
            **beyond: settings that torch_lr_finder does not have; see `Settings`.

        Raises:
            ValueError: an argument that makes no sense. Nothing has been changed then.
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
        if persistent_workers(train_loader, val_loader):
            warnings.warn(PERSISTENT, stacklevel=2)
        try:
            total = self._settings.num_iter * self._settings.repeats
            is_wanted = self.verbose and self._is_first
            with closing(steps), progress(steps, total, wanted=is_wanted) as counted:
                for _ in counted:
                    pass
        except KeyboardInterrupt as error:  # it may also come between two steps
            self._end(broken_off(error))
            raise
        if self.verbose and self._is_first:
            print(
                f"Learning rate search finished: {self.reason}. "
                f"See the graph with {type(self).__name__}.plot()"
            )

    def steps(
        self, train_loader: Any, val_loader: Any = None, **settings: Unpack[Given]
    ) -> Generator[Step, None, None]:
        """The same test as a generator of steps; `settings` are the fields of `Settings`.

        If it is closed before its end, or an exception passes through it, model and optimizer are
        put back to where it began.

        Raises:
            ValueError: an argument that makes no sense; raised by the call, before the first step.
        """
        self.failure = None
        chosen = settings_of(settings)
        check_loaders(train_loader, val_loader)
        check_validated(chosen, val_loader)
        check_effects(
            chosen,
            validates=val_loader is not None,
            updates_itself=updates_itself(chosen.batch_step),
        )
        if chosen.repeats > 1 and chosen.vary == "init":
            check_initialises(self.model)
        check_update(
            self.optimizers,
            self._precision,
            chosen.accumulation_steps,
            chosen.batch_step,
            create_graph=chosen.create_graph,
        )
        self._end_active()
        if chosen.repeats > 1 and self._origin.is_spent:
            self._put_back()  # repeats start from the weights before the last test
        own_lrs = SavedLearningRates(self.optimizers)
        course = Course(ramp_of(chosen, own_lrs.values))
        self._measuring = None
        self._clear_history()
        self._settings = chosen
        self._begin(train_loader, val_loader, here=True)
        self._loaders = (train_loader, val_loader)
        repeats = all_repeats(
            self._training(), train_loader, val_loader, chosen, course, self._note, self._keep
        )
        steps = self._restoring_on_error(repeats, own_lrs)
        self._active = weakref.ref(steps)
        return steps

    def extend(self, end_lr: float) -> Generator[Step, None, None]:
        """Go on with the last test to a higher rate, at the same distance from rate to rate.

        While a test runs, its ramp grows, and there are no steps here: they come from its own
        generator. After a test that ended without diverging, the generator goes on where it was,
        and has to be run to its end; its losses are those of a test that was asked for with that
        range from the start. Closed before, it puts everything back, as `steps` does.

        Args:
            end_lr: the new end; it becomes the first rate of the ramp at or above that.

        Raises:
            ValueError: the test cannot go on to there, and why; raised by the call.
        """
        if self.status != "running":
            self._end_active()  # trials: they put everything back
        settings = self._extended(end_lr)
        measuring = self._measuring
        assert measuring is not None
        own_lrs = SavedLearningRates(self.optimizers)
        if self.is_ramping:
            measuring.course.ramp = ramp_of(settings, self._own_lrs)
            self._settings = measuring.settings = settings
            return _no_steps()
        ramp = ramp_of(settings, own_lrs.values)
        self._settings = measuring.settings = settings
        self._begin(*self._loaders, here=False)
        steps = self._restoring_on_error(going_on(self._training(), measuring, ramp), own_lrs)
        self._active = weakref.ref(steps)
        return steps

    @property
    def is_ramping(self) -> bool:
        """Whether a test is in progress whose ramp has not come to its end."""
        measuring = self._measuring
        return self.status == "running" and measuring is not None and not measuring.course.is_over

    def _extended(self, end_lr: float) -> Settings:
        """The settings of the last test with that end; ValueError where it cannot go on."""
        if self.status not in ("running", "completed"):
            ended = self.reason or "there is none"
            raise ValueError(f"only a test that came to its end can go on: {ended}")
        measuring = self._measuring
        if measuring is None:
            gone = "the state that the test ended in is gone"
            raise ValueError(f"{gone}: run it again with end_lr {end_lr:g}")
        if self.status == "running" and not self.is_ramping:
            raise ValueError("the test is at its end: extend it when it is over")
        return extended(measuring.settings, measuring.course.ramp, end_lr)

    def _keep(self, measuring: Measuring) -> None:
        """Keep what the test in progress is measured with, for `extend`."""
        self._measuring = measuring

    def reset(self) -> None:
        """Put everything back as it was when this object was made, exactly, any number of times.

        A test that is still in progress, as a generator, is closed. See `Snapshot` for what is put
        back.
        """
        self._end_active()
        self._settle()
        self._origin.reset()

    def digest(self) -> str:
        """A digest of the current model and optimizer: equal digests, equal states.

        That of a model on several ranks covers all of them, and has to be asked for on each.
        """
        if self.ranks is None:
            return digest(self._modules(), self.optimizers)
        Wrapped(self.model).settle()
        return combined(self.ranks.gathered(digest(self._modules(), self.optimizers)))

    def race(
        self,
        train_loader: Loader,
        val_loader: Loader | None = None,
        **options: Unpack[TrialOptions],
    ) -> Race:
        """Race the suggestion against the rates around it: short trainings decide.

        All start from the same state, on the same data, on the planned schedule, shortened.

        Args:
            train_loader: as for `range_test`.
            val_loader: with it a trial is judged by its validation loss, otherwise by the last
                fifth of its training losses.
            **options: see `trials`.

        Returns:
            The verdict: confirmed, replaced by a better rate, a tie, or open and what decides it;
            the rate to train at, its interval, every trial.

        Raises:
            ValueError: as `trials`.
        """
        return drained(self.trials(train_loader, val_loader, **options))

    def confirm(
        self,
        train_loader: Loader,
        val_loader: Loader | None = None,
        **options: Unpack[TrialOptions],
    ) -> Race:
        """`race` by its older name."""
        return self.race(train_loader, val_loader, **options)

    def trials(
        self,
        train_loader: Loader,
        val_loader: Loader | None = None,
        *,
        lr: float | None = None,
        iterations: int | None = None,
        seconds: float | None = None,
        schedule: Schedule = "constant",
        steps: int = 0,
        warmup: int = 0,
        factor: float = STEP,
        **settings: Unpack[TrialSettings],
    ) -> Trials:
        """`race` as a generator of steps and finished trials, which returns its result.

        All trials start where the last test did. However the generator ends, model and optimizer
        are put back to there. A `RaceStopped` thrown into it ends it with the verdict so far.

        Args:
            train_loader: as for `range_test`.
            val_loader: as for `race`.
            lr: the rate to race; None: the suggestion for the planned training.
            iterations: optimizer steps of all trials together; None: 1,200.
            seconds: end after this time; it decides how long the trials are.
            schedule: of the planned training: "constant", or "one-cycle" or "cosine" with the
                rates as peaks.
            steps: optimizer steps of the planned training, which no trial exceeds; 0: not said.
            warmup: of these steps, those of a linear warm-up; a trial has the same share.
            factor: the ratio of neighbouring rates.
            **settings: `accumulation_steps`, `clip_grad_norm`, `create_graph`, `val_batches`,
                `batch_step` and `non_blocking_transfer`, if they differ from those of the last
                test.

        Raises:
            ValueError: nothing to race, or an argument that makes no sense. Nothing has been
                changed then.
        """
        plan = plan_of(schedule, steps, warmup)
        check_trials(iterations, seconds)
        suggestion = self.suggestion(schedule, steps, warmup)
        rates = rates_of_race(lr, suggestion, factor, self._ceiling())
        chosen = trial_settings(self._settings, settings)
        check_loaders(train_loader, val_loader)
        check_validated(chosen, val_loader)
        check_update(
            self.optimizers,
            self._precision,
            chosen.accumulation_steps,
            chosen.batch_step,
            create_graph=chosen.create_graph,
        )
        setup = self._trial_setup(train_loader, val_loader, chosen)
        trials = self._restoring_at_end(
            budgeted(lambda: setup.runner(val_loader), rates, iterations, seconds, plan)
        )
        self._active = weakref.ref(trials)
        return trials

    def stability(
        self, train_loader: Loader, batches: int = 2, **settings: Unpack[TrialSettings]
    ) -> Stability:
        """The largest stable learning rate at the start of training, from the loss's curvature.

        See `lrtui.engine.stability` for its assumptions. Model and optimizer are put back to where
        the last test began.

        Args:
            train_loader: as for `range_test`.
            batches: how many batches the curvature is measured on.
            **settings: `batch_step`, if it differs from that of the last test.

        Raises:
            ValueError: an optimizer without a theory, or no positive curvature.
            RuntimeError: an operation of the model cannot be differentiated twice.
        """
        chosen = trial_settings(self._settings, settings)
        check_loaders(train_loader, None)
        setup = self._trial_setup(train_loader, None, chosen)
        try:
            return setup.stability(batches)
        finally:
            self._put_back()
            self._origin.end()

    def show(
        self,
        train_loader: Any = None,
        val_loader: Any = None,
        *,
        plan: Plan = ANY_PLAN,
        **settings: Unpack[Given],
    ) -> int:
        """Open the app on these live objects: see `lrtui.show`."""
        import lrtui

        return lrtui.show(self, train_loader, val_loader, plan=plan, **settings)

    def __enter__(self) -> Self:
        """Use as a context: model and optimizer are put back at its end, whatever happens in it."""
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
        """Everything but a test in progress: a generator cannot be copied or pickled."""
        return {**vars(self), "_active": None, "_measuring": None, "_loaders": (None, None)}

    def _take_snapshot(self) -> Snapshot:
        return Snapshot(
            self._modules(),
            self.optimizers,
            self._precision.scaler,
            also=self.also,
            in_memory=self.memory_cache,
            cache_dir=self.cache_dir,
            place=self.snapshot,
        )

    def _begin(self, train_loader: Loader, val_loader: Loader | None, *, here: bool) -> None:
        """Begin a test in the current state, or go on with one that has its own."""
        if here:
            self._origin.move(self._take_snapshot)
            if self._origin.began.why:
                self._note(Notice(text=self._origin.began.why))
        functions = (self.criterion, self._settings.metric, self._settings.batch_step)
        self._origin.begin([train_loader, val_loader], *functions)

    def _put_back(self) -> None:
        """Go back to where the last test began."""
        self._settle()
        self._origin.put_back()

    def _settle(self) -> None:
        """Forget how the last test would go on: its state is about to go."""
        self._measuring = None
        if self.ranks is not None:
            Wrapped(self.model).settle()

    def _restoring_on_error(
        self, repeats: Generator[Step, None, Outcome], own_lrs: SavedLearningRates
    ) -> Generator[Step, None, None]:
        """Pass the steps on and record them; put everything back if they end too early."""
        self.status = "running"
        self._own_lrs = tuple(own_lrs.values)
        self._origin.is_spent = True
        try:
            with (
                precisions.global_settings(self._precision, self._cudnn_benchmark),
                closing(repeats),
            ):
                self._end((yield from self._recorded(repeats)))
        except Exception as error:
            self._put_back_after(error)
            self._fail(error)
            raise
        except BaseException as error:
            self._end(broken_off(error))
            self._put_back_after(error)
            raise
        finally:
            self._active = None
            self._origin.end()
        own_lrs.restore()

    def _end(self, outcome: Outcome) -> None:
        self.status, self.reason = outcome.status, outcome.reason
        if outcome.status != "completed":
            self._measuring = None
        obstacle = outcome.explanation.obstacle
        if obstacle is None:
            return
        if outcome.explanation.is_certain or self.suggestion().lr is None:
            self._note(Notice(text=obstacle.reason, level="warning", obstacle=obstacle))

    def _put_back_after(self, error: BaseException) -> None:
        """Put everything back after an error, which is the one that counts if that fails too."""
        try:
            self._put_back()
        except Exception as second:  # noqa: BLE001 - a device that has failed raises at anything
            line = one_line(second)
            error.add_note(f"lrtui: model and optimizer could not be put back: {line}")

    def failure_of(self, error: BaseException) -> PhaseError:
        """What failed in a test that an exception of any kind has ended, in one line."""
        failure = self._described(error)
        return PhaseError(failure.phase, _failure_line(failure, error))

    def _described(self, error: BaseException) -> Failure:
        models = [self.model, *([self._compiled] if self._compiled else [])]
        settings = self._settings
        parts = Parts(models, self.criterion, settings.metric, settings.batch_step, self.optimizers)
        return describe(error, parts)

    def _fail(self, error: Exception) -> None:
        """Describe the failure, and add it to the exception of the user's code.

        Raises:
            BatchError: instead of an exception that does not say what to change.
        """
        failure = self._described(error)
        self.failure = PhaseError(failure.phase, _failure_line(failure, error))
        instead = replacement(error, failure)
        if instead is not None:
            self._end(broken_off(instead))
            raise instead from error
        self._end(broken_off(error))
        error.add_note(f"lrtui: {self.failure.message}")

    def _recorded(self, steps: Generator[Step, None, Outcome]) -> Generator[Step, None, Outcome]:
        """Pass the steps on, and add them to the histories."""
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            self._record(step)
            yield step

    def _restoring_at_end(self, trials: Trials) -> Trials:
        """Pass the trials on; put everything back however they end."""
        try:
            with (
                precisions.global_settings(self._precision, self._cudnn_benchmark),
                closing(trials),
            ):
                return (yield from trials)
        finally:
            self._active = None
            self._put_back()
            self._origin.end()

    def _end_active(self) -> None:
        """Close a test left in progress: it would put everything back when garbage-collected."""
        active = None if self._active is None else self._active()
        if active is not None and inspect.getgeneratorstate(active) == inspect.GEN_RUNNING:
            raise RuntimeError(
                "a range test cannot be reset, nor another one started, "
                "from inside one of its own steps"
            )
        self._active = None
        if active is not None:
            active.close()

    def _ceiling(self) -> float | None:
        """The lowest rate that is known to be too high; None if none is.

        It is that at which a curve of the last test diverged, or above which the rate is not used.
        """
        known = []
        obstacle = obstacle_among(self.notices)
        if obstacle is not None and obstacle.highest_lr is not None:
            known.append(obstacle.highest_lr)
        if self.status == "diverged":
            known += [float(history["lr"][-1]) for history in self.histories]
        return min(known, default=None)

    def _training(self) -> Training:
        return Training(
            model=self.model,
            called_model=self.model if self._compiled is None else self._compiled,
            criterion=self.criterion,
            optimizers=self.optimizers,
            precision=self._precision,
            device=self.device,
            snapshot=self._origin.began,
            moves=self._moves,
            channels_last=self._channels_last,
            ranks=self.ranks,
            notes=Notes(lambda line: self._note(Notice(text=line))),
        )

    def _modules(self) -> list[nn.Module]:
        """The modules whose state is put back."""
        if isinstance(self.criterion, nn.Module):
            return [self.model, self.criterion]
        return [self.model]

    def _trial_setup(
        self, train_loader: Loader, val_loader: Loader | None, settings: Settings
    ) -> TrialSetup:
        """The setup of trials that start where the last test did; after a reset, here."""
        self._end_active()
        self._begin(train_loader, val_loader, here=not self._origin.is_spent)
        own_lrs = SavedLearningRates(self.optimizers).values
        return TrialSetup(self._training(), train_loader, settings, own_lrs)


def _no_steps() -> Generator[Step, None, None]:
    yield from ()


def _failure_line(failure: Failure, error: BaseException) -> str:
    """The failure in one line that ends with the user's `file:line` if there is one."""
    message = f"{failure.what}: {failure.reason or one_line(error)}"
    return with_user_line(message, error)
