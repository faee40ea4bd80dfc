"""The live objects of a test, and the training step and validation that are made of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.checks.updates import PLAIN, Updates, updates_of
from lrtui.engine.data.batches import is_split, val_batches
from lrtui.engine.deferred import default_lag
from lrtui.engine.distributed.ranks import Ranks
from lrtui.engine.distributed.step import RankStep
from lrtui.engine.distributed.validation import RankValidation
from lrtui.engine.distributed.wrapped import Wrapped, without_ddp
from lrtui.engine.forward import Forward
from lrtui.engine.optim import unshare_learning_rates
from lrtui.engine.precision import Precision
from lrtui.engine.reading.notes import Notes
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.settings import Settings
from lrtui.engine.step import TrainStep, check_closure, updates_itself
from lrtui.engine.types import Batch, Criterion, Loader
from lrtui.engine.validation import Validation


@dataclass(frozen=True, kw_only=True)
class Training:
    """The live objects of a test.

    `called_model` is what a forward pass calls: the model, or its compiled form.
    `moves` is False for a model that is spread over several devices: it stays where it is.
    `notes` is what batches, outputs and losses are taken for.
    `ranks` train the model together; None: this process trains it alone.
    """

    model: nn.Module
    called_model: nn.Module
    criterion: Criterion | None
    optimizers: list[Optimizer]
    precision: Precision
    device: torch.device
    snapshot: Snapshot
    moves: bool = True
    channels_last: bool = False
    notes: Notes = field(default_factory=Notes)
    ranks: Ranks | None = None


def forward_of(training: Training, settings: Settings, loader: Loader) -> Forward:
    """The forward pass on the batches of a loader."""
    return Forward(
        training.called_model,
        training.criterion,
        settings.batch_step,
        settings.metric,
        is_split(loader),
        names=settings.batch,
        notes=training.notes,
    )


def train_step(
    training: Training,
    settings: Settings,
    loader: Loader,
    batches: Iterator[Batch],
    *,
    has_drawn: bool = False,
) -> TrainStep:
    """The training step on batches of a loader; for `has_drawn` see `TrainStep`.

    Raises:
        OptimizerError: an optimizer that cannot be used as the settings say.
    """
    make: Callable[..., TrainStep] = TrainStep
    if training.ranks is not None:
        make = partial(RankStep, training.ranks, Wrapped(training.model))
    return make(
        training.model,
        forward_of(training, settings, loader),
        batches,
        training.optimizers,
        training.precision,
        training.device,
        accumulation_steps=settings.accumulation_steps,
        clip_grad_norm=settings.clip_grad_norm,
        non_blocking=settings.non_blocking_transfer,
        updates=updates_of_training(training, settings),
        create_graph=settings.create_graph,
        updates_itself=updates_itself(settings.batch_step),
        has_drawn=has_drawn,
        # a loss that is read late is that of an earlier batch
        kept_batches=(default_lag(training.device) + 1) * settings.accumulation_steps,
    )


def updates_of_training(training: Training, settings: Settings) -> Updates:
    """How the optimizers are called; a step that updates the model itself calls them."""
    if updates_itself(settings.batch_step):
        return PLAIN
    updates = updates_of(training.optimizers, create_graph=settings.create_graph)
    check_closure(training.precision, closure=updates.closure)
    return updates


def validation_of(
    training: Training,
    settings: Settings,
    val_loader: Loader | None,
    previous: Validation | None = None,
) -> Validation | None:
    """The validation of the next repeat; one on a sub-sample is used again."""
    if val_loader is None or (previous is not None and settings.val_batches):
        return previous
    make: Callable[..., Validation] = Validation
    called_model = training.called_model
    if training.ranks is not None:
        # the ranks may have different numbers of batches: none waits for another in its forward
        called_model = without_ddp(called_model)
        make = partial(RankValidation, training.ranks)
    return make(
        training.model,
        forward_of(replace(training, called_model=called_model), settings, val_loader),
        val_batches(val_loader),
        training.precision,
        training.device,
        sample=settings.val_batches,
        non_blocking=settings.non_blocking_transfer,
        optimizers=training.optimizers,
    )


def move_to_device(training: Training) -> None:
    """Move model and optimizer state to the device and memory format of the test."""
    devices_before = _devices_of_state(training.optimizers)
    unshare_learning_rates(training.optimizers)
    if training.moves and not _is_on(training.model, training.device):
        training.model.to(training.device)
    if training.channels_last:
        training.model.to(memory_format=torch.channels_last)
    for optimizer in training.optimizers:
        for param, state in optimizer.state.items():
            # some optimizers also keep counters here, under a name
            if param in devices_before and isinstance(state, dict):
                _move_state(state, param, devices_before[param])


def follow(value: object, param: torch.Tensor, device_before: torch.device) -> object:
    """A value of a parameter's state on the parameter's device.

    Moved are tensors of its shape, and those that were on the same device before; not scalars.
    """
    if isinstance(value, list):  # LBFGS keeps its past steps and gradients in lists
        return [follow(item, param, device_before) for item in value]
    if not isinstance(value, torch.Tensor) or value.device == param.device:
        return value
    was_beside = value.device == device_before and value.dim() > 0
    if was_beside or value.shape == param.shape:
        return value.to(param.device)
    return value


def _is_on(model: nn.Module, device: torch.device) -> bool:
    """Whether all tensors are there: `to` is an operation that quantised ones may lack."""
    index = torch.cuda.current_device() if device.type == "cuda" else device.index
    wanted = torch.device(device.type, index if device.index is None else device.index)
    tensors = chain(model.parameters(), model.buffers())
    return all(tensor.device == wanted for tensor in tensors)


def _devices_of_state(optimizers: list[Optimizer]) -> dict[torch.Tensor, torch.device]:
    """The device of every parameter that has optimizer state."""
    devices = {}
    for optimizer in optimizers:
        for param in optimizer.state:
            if isinstance(param, torch.Tensor):
                devices[param] = param.device
    return devices


def _move_state(state: dict[str, object], param: torch.Tensor, device_before: torch.device) -> None:
    for name, value in state.items():
        if name != "step":  # step counters stay where they are
            state[name] = follow(value, param, device_before)
