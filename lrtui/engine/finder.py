"""LRFinder: torch_lr_finder's class, with the same arguments, on this engine; and the answers that its curves give."""

import weakref
from contextlib import closing
from typing import Any, Unpack

from lrtui.analysis.analyse import Analysis, analyse
from lrtui.analysis.answer import Suggestion
from lrtui.analysis.candidates import FACTOR
from lrtui.engine import precision as precisions
from lrtui.engine.batches import check_loaders, generators
from lrtui.engine.budget import Trials, budgeted, check_trials, drained
from lrtui.engine.confirm import Confirmation
from lrtui.engine.curve_finder import CurveFinder
from lrtui.engine.history import curves
from lrtui.engine.momentum import momentum_of
from lrtui.engine.rates import OwnRates
from lrtui.engine.settings import Given, Settings
from lrtui.engine.stability import Stability
from lrtui.engine.step import check_update
from lrtui.engine.trials import Schedule
from lrtui.engine.workbench import TrialSettings, Workbench, check_validated, rates_of_trials, trial_settings


class Trying(TrialSettings, total=False):
    """What `LRFinder.trials` takes beside loaders, as keyword arguments."""

    lr: float | None
    iterations: int | None
    seconds: float | None
    schedule: Schedule
    factor: float


class LRFinder(CurveFinder):
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

    def confirm(self, train_loader: Any, val_loader: Any = None, **how: Unpack[Trying]) -> Confirmation:
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
        place = self._workbench(train_loader, val_loader, chosen)
        run = self._restored(budgeted(lambda: place.bench(val_loader), rates, iterations, seconds, schedule))
        self._active = weakref.ref(run)
        return run

    def stability(self, train_loader: Any, batches: int = 2, **settings: Unpack[TrialSettings]) -> Stability:
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
        place = self._workbench(train_loader, None, chosen)
        try:
            return place.stability(batches)
        finally:
            self._put_back()

    def show(self, train_loader: Any = None, val_loader: Any = None, **settings: Unpack[Given]) -> int:
        """Open the app on these live objects: see `lrtui.show`."""
        import lrtui

        return lrtui.show(self, train_loader, val_loader, **settings)

    def _workbench(self, train_loader: Any, val_loader: Any, chosen: Settings) -> Workbench:
        """A place for trainings that start where the last test did, or here where there is none to go back behind."""
        self._end_active()
        if not self._spent:
            self._begin()
        self._start.watch(generators(train_loader) + generators(val_loader))
        return Workbench(self._rig(), train_loader, chosen, OwnRates(self.optimizers).values)

    def _restored(self, trials: Trials) -> Trials:
        try:
            with precisions.global_settings(self._precision, self._cudnn_benchmark), closing(trials):
                return (yield from trials)
        finally:
            self._active = None
            self._put_back()
