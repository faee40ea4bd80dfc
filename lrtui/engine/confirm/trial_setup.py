"""TrialSetup: live objects as a place for short trainings, every one from the same start and on the same data."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, TypedDict

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from lrtui.analysis.analyse import Analysis
from lrtui.analysis.answer import Schedule
from lrtui.analysis.candidates import rates_to_try
from lrtui.engine.batches import DataLoaderIter, generators, is_split, move, train_batches
from lrtui.engine.confirm.trial import TrialRunner, pace_setter
from lrtui.engine.forward import Forward
from lrtui.engine.ramp import keep_ratios
from lrtui.engine.replay import Replay
from lrtui.engine.restore.random_state import reseed
from lrtui.engine.settings import Settings
from lrtui.engine.stability import Stability, stability
from lrtui.engine.step import TrainStep, updates_itself
from lrtui.engine.training import Training, place, train_step, validation_of


class TrialSettings(TypedDict, total=False):
    """The settings of a range test that trainings have a use for."""

    accumulation_steps: int
    non_blocking_transfer: bool
    clip_grad_norm: float | None
    val_batches: int
    batch_step: Callable[..., Any] | None


class TrialSetup:
    """Restores the start and draws the data in the order of a seed, as often as wanted.

    The batches of the last seed are kept (see `Replay`), so that trials after the first one collate nothing.

    Args:
        training: the live objects.
        train_loader: a DataLoader, or a `TrainDataLoaderIter`, which is begun again and stays where it is itself.
        settings: those of `trial_settings`.
        group_lrs: the rate of every parameter group; trials keep their ratios.
    """

    def __init__(
        self,
        training: Training,
        train_loader: Any,
        settings: Settings,
        group_lrs: Sequence[float | None],
    ) -> None:
        self._training = training
        self._loader = train_loader
        self._settings = settings
        self._group_lrs = tuple(group_lrs)
        self._seed: int | None = None
        self._batches: Iterator[Any] = iter(())

    def runner(self, val_loader: Any) -> TrialRunner:
        """The runner of the trials. They are judged by the validation loss if there is a loader for it."""
        return TrialRunner(
            self.start,
            validation_of(self._training, val_loader, self._settings),
            pace_setter(self._training.optimizers, lambda lr: keep_ratios(lr, self._group_lrs)),
        )

    def start(self, seed: int) -> TrainStep:
        """Put everything back and begin the data of this seed."""
        self._training.snapshot.restore()
        place(self._training)
        return train_step(
            self._training, self.batches(seed), is_split(self._loader), self._settings
        )

    def stability(self, batches: int) -> Stability:
        """The stability limit at the start, on so many batches of the first seed.

        Raises:
            ValueError: several optimizers, a step that is no loss, or as `stability`.
            RuntimeError: as `stability`.
        """
        if len(self._training.optimizers) > 1 or updates_itself(self._settings.batch_step):
            raise ValueError("the stability limit is that of one optimizer on one loss")
        if batches < 1:
            raise ValueError(f"`batches` must be at least 1, got {batches}")
        self._training.snapshot.restore()
        place(self._training)
        self._training.model.train()
        forward = Forward(
            self._training.forward,
            self._training.criterion,
            self._settings.batch_step,
            None,
            is_split(self._loader),
        )
        drawn = [move(batch, self._training.device) for batch in islice(self.batches(0), batches)]
        if not drawn:
            raise ValueError("the training loader has no batches")
        with twice_differentiable():
            return stability(
                [partial(_loss, forward, batch, seed) for seed, batch in enumerate(drawn)],
                *self._training.optimizers,
            )

    def batches(self, seed: int) -> Iterator[Any]:
        """The training data in the order of a seed, from its beginning; leaves the random states behind that order."""
        own = generators(self._loader)
        reseed(seed, own)
        if seed == self._seed and isinstance(self._batches, Replay) and self._batches.faithful:
            return self._batches.again()
        self._seed, self._batches = seed, Replay(train_batches(_begun_again(self._loader)), own)
        return self._batches


def rates_of_trials(
    lr: float | None, analysis: Analysis, factor: float, schedule: Schedule
) -> list[float]:
    """The rate to confirm (`lr`, or the answer for the schedule), then its rivals: see `rates_to_try`.

    The answer is the suggestion, or for one-cycle the upper bound, which is what its peak is to be.

    Raises:
        ValueError: there is nothing to confirm, or a number that makes no sense.
    """
    suggestion, bounds = analysis.suggestion, analysis.bounds
    to_confirm = lr
    if lr is None:
        to_confirm = (
            bounds.end_lr if schedule == "one-cycle" and bounds and suggestion.lr else suggestion.lr
        )
    if to_confirm is None:
        raise ValueError(
            f"there is no suggestion to confirm: {suggestion.reason.rstrip('.')}; give `lr`"
        )
    if not (math.isfinite(to_confirm) and to_confirm > 0):
        raise ValueError(f"`lr` must be a positive number, got {to_confirm}")
    if not (math.isfinite(factor) and factor > 1):
        raise ValueError(f"`factor` must be above 1, got {factor}")
    return rates_to_try(to_confirm, suggestion, bounds, factor)


def trial_settings(of_test: Settings, given: TrialSettings) -> Settings:
    """How a trial trains: as the last test did, but for what is given.

    Raises:
        ValueError: a setting that a trial has no use for, or a step that cannot be used with it.
    """
    known = TrialSettings.__annotations__
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"trials have no setting `{unknown[0]}`: they have {', '.join(known)}")
    values = {name: getattr(of_test, name) for name in known}
    return replace(Settings(), **{**values, **given})


def check_validated(settings: Settings, val_loader: Any) -> None:
    """Raise ValueError for a validation loader that cannot be used with the step."""
    if val_loader is not None and updates_itself(settings.batch_step):
        raise ValueError(
            "a step that updates the model itself cannot be validated with: give no val_loader"
        )


def _loss(forward: Forward, batch: Any, seed: int) -> torch.Tensor:
    """The loss of a batch, with the same dropout every time."""
    torch.manual_seed(seed)
    return forward(batch).loss


@contextmanager
def twice_differentiable() -> Iterator[None]:
    """Use those kernels of torch that have a second derivative: the fast ones of attention and recurrence have none."""
    with sdpa_kernel(SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        yield


def _begun_again(loader: Any) -> Any:
    """A loader that is an iterator, from its beginning: a copy, so that its owner finds it where it was."""
    if not isinstance(loader, DataLoaderIter):
        return loader
    again = copy.copy(loader)
    again._iterator = iter(loader.data_loader)
    return again
