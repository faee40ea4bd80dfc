"""The live objects behind short trainings: each starts from the same state, on the same data."""

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TypedDict

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from lrtui.analysis.answer import Suggestion
from lrtui.analysis.race import Rates
from lrtui.engine.data.batches import DataLoaderIter, train_batches
from lrtui.engine.data.replay import Replay
from lrtui.engine.data.transfer import move
from lrtui.engine.forward import Forward
from lrtui.engine.race.paces import pace_setter
from lrtui.engine.race.trial import TrialRunner
from lrtui.engine.ramp import keep_ratios
from lrtui.engine.restore.generators import generators_in
from lrtui.engine.restore.random_state import reseed
from lrtui.engine.settings import Settings
from lrtui.engine.stability import Stability, stability
from lrtui.engine.step import TrainStep, updates_itself
from lrtui.engine.training import (
    Training,
    forward_of,
    move_to_device,
    train_step,
    validation_of,
)
from lrtui.engine.types import Batch, BatchStep, Loader


class TrialSettings(TypedDict, total=False):
    """Range-test settings that also apply to trials."""

    accumulation_steps: int
    non_blocking_transfer: bool
    clip_grad_norm: float | None
    create_graph: bool
    val_batches: int
    batch_step: BatchStep | None
    batch: str


class TrialSetup:
    """Restores the start and draws the data in the order of a seed, any number of times.

    The batches of the last seed are kept (see `Replay`), so that trials after the first collate
    nothing.

    Args:
        training: the live objects.
        train_loader: a DataLoader, or a `TrainDataLoaderIter`, of which a copy is iterated from its
            start.
        settings: those of `trial_settings`.
        group_lrs: the rate of every parameter group; trials keep their ratios.
    """

    def __init__(
        self,
        training: Training,
        train_loader: Loader,
        settings: Settings,
        group_lrs: Sequence[float | None],
    ) -> None:
        self._training = training
        self._loader = train_loader
        self._settings = settings
        self._group_lrs = tuple(group_lrs)
        self._seed: int | None = None
        self._batches: Iterator[Batch] = iter(())

    def runner(self, val_loader: Loader | None) -> TrialRunner:
        """The runner of the trials; with a loader they are judged by the validation loss."""
        return TrialRunner(
            self.start,
            validation_of(self._training, self._settings, val_loader),
            pace_setter(self._training.optimizers, lambda lr: keep_ratios(lr, self._group_lrs)),
        )

    def start(self, seed: int) -> TrainStep:
        """Restore the start; the returned training step is on the data of this seed."""
        self._restore()
        return train_step(self._training, self._settings, self._loader, self.batches(seed))

    def stability(self, batches: int) -> Stability:
        """The stability limit at the start, from this many batches of the first seed.

        Raises:
            ValueError: several optimizers, a step that returns no loss, or as `stability`.
            RuntimeError: as `stability`.
        """
        if len(self._training.optimizers) > 1 or updates_itself(self._settings.batch_step):
            raise ValueError(
                "the stability limit is only known for one optimizer that minimises one loss"
            )
        if batches < 1:
            raise ValueError(f"`batches` must be at least 1, got {batches}")
        self._restore()
        self._training.model.train()
        forward = forward_of(self._training, self._settings, self._loader)
        losses = []
        for seed, batch in enumerate(islice(self.batches(0), batches)):
            losses.append(partial(_loss, forward, move(batch, self._training.device), seed))
        if not losses:
            raise ValueError("the training loader has no batches")
        with twice_differentiable():
            return stability(losses, self._training.optimizers[0])

    def batches(self, seed: int) -> Iterator[Batch]:
        """The training data in the order of a seed, from its start; also sets the random states."""
        own_generators = generators_in(self._loader)
        reseed(seed, own_generators)
        previous = self._batches
        if seed == self._seed and isinstance(previous, Replay) and previous.faithful:
            return previous.again()
        self._seed = seed
        self._batches = Replay(train_batches(_from_start(self._loader)), own_generators)
        return self._batches

    def _restore(self) -> None:
        self._training.snapshot.restore()
        move_to_device(self._training)


def rates_of_race(
    lr: float | None, suggestion: Suggestion, factor: float, ceiling: float | None = None
) -> Rates:
    """The rate to race (`lr`, or the suggestion), and where its rivals may lie.

    Args:
        lr: None: the suggestion.
        suggestion: the answer for the planned training, with its interval.
        factor: ratio of neighbouring rates.
        ceiling: the highest rate that may be tried besides.

    Raises:
        ValueError: there is nothing to race, or a number that makes no sense.
    """
    raced = suggestion.lr if lr is None else lr
    if raced is None:
        raise ValueError(
            f"there is no suggestion to confirm: {suggestion.reason.rstrip('.')}; give `lr`"
        )
    if not (math.isfinite(raced) and raced > 0):
        raise ValueError(f"`lr` must be a positive number, got {raced}")
    if not (math.isfinite(factor) and factor > 1):
        raise ValueError(f"`factor` must be above 1, got {factor}")
    return Rates(
        lr=raced,
        suggested=suggestion.lr,
        low=suggestion.low,
        high=suggestion.high,
        ceiling=ceiling,
        factor=factor,
    )


def trial_settings(of_test: Settings, changes: TrialSettings) -> Settings:
    """The settings of a trial: those of the last test, with changes.

    Raises:
        ValueError: a setting that does not apply to trials.
    """
    known = TrialSettings.__annotations__
    for name in changes:
        if name not in known:
            raise ValueError(f"trials have no setting `{name}`: they have {', '.join(known)}")
    kept = {name: getattr(of_test, name) for name in known}
    return replace(Settings(), **{**kept, **changes})


def check_validated(settings: Settings, val_loader: Loader | None) -> None:
    """Raise ValueError for a validation loader with a step that cannot validate."""
    if val_loader is not None and updates_itself(settings.batch_step):
        raise ValueError(
            "a step that updates the model itself cannot be validated with: give no val_loader"
        )


@contextmanager
def twice_differentiable() -> Iterator[None]:
    """Use kernels with a second derivative: fast attention and cuDNN's recurrence have none."""
    with sdpa_kernel(SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        yield


def _loss(forward: Forward, batch: Batch, seed: int) -> torch.Tensor:
    """The loss of a batch, with the same dropout every time."""
    torch.manual_seed(seed)
    return forward(batch).loss


def _from_start(loader: Loader) -> Loader:
    """A loader from its start; of an iterator a copy, so that its owner's stays where it was."""
    if not isinstance(loader, DataLoaderIter):
        return loader
    restarted = copy.copy(loader)
    restarted._iterator = iter(loader.data_loader)
    return restarted
