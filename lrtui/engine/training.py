"""The live objects of a test, and what is made of them: the training step, the validation, the move to the device."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.batches import is_split, val_batches
from lrtui.engine.forward import Forward
from lrtui.engine.optim import separate
from lrtui.engine.precision import Precision
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.settings import Settings
from lrtui.engine.step import TrainStep, updates_itself
from lrtui.engine.validation import Validation


@dataclass(frozen=True, kw_only=True)
class Training:
    """The live objects of a test. `forward` is what is called: the model, or the compiled form of it."""

    model: nn.Module
    forward: Any
    criterion: Callable[[Any, Any], torch.Tensor] | None
    optimizers: list[Optimizer]
    precision: Precision
    device: torch.device
    snapshot: Snapshot
    moves: bool = True  # False leaves a model that lives on several devices where it is
    channels_last: bool = False


def train_step(
    training: Training,
    batches: Iterator[Any],
    split: bool,
    settings: Settings,
    *,
    begun: bool = False,
) -> TrainStep:
    """The training step of these objects on these batches.

    `split`: they come as (inputs, labels); `begun`: some of them are behind us, so that none left is the end.
    """
    return TrainStep(
        training.model,
        Forward(training.forward, training.criterion, settings.batch_step, settings.metric, split),
        batches,
        training.optimizers,
        training.precision,
        training.device,
        accumulation_steps=settings.accumulation_steps,
        clip_grad_norm=settings.clip_grad_norm,
        non_blocking=settings.non_blocking_transfer,
        updates_itself=updates_itself(settings.batch_step),
        begun=begun,
    )


def validation_of(
    training: Training, val_loader: Any, settings: Settings, before: Validation | None = None
) -> Validation | None:
    """The validation of the next repeat; a sub-sample stays the same one."""
    if val_loader is None or (before is not None and settings.val_batches):
        return before
    return Validation(
        training.model,
        Forward(
            training.forward,
            training.criterion,
            settings.batch_step,
            settings.metric,
            is_split(val_loader),
        ),
        val_batches(val_loader),
        training.precision,
        training.device,
        sample=settings.val_batches,
        non_blocking=settings.non_blocking_transfer,
        optimizers=training.optimizers,
    )


def place(training: Training) -> None:
    """Model and optimizer state to the device and memory format that the test runs in."""
    homes = {
        param: param.device
        for one in training.optimizers
        for param in one.state
        if isinstance(param, torch.Tensor)
    }
    separate(training.optimizers)
    if training.moves:
        training.model.to(training.device)
    if training.channels_last:
        training.model.to(memory_format=torch.channels_last)
    for optimizer in training.optimizers:
        for param, state in optimizer.state.items():
            if param not in homes or not isinstance(state, dict):
                continue  # some keep counters under a name
            for name, value in state.items():
                if name != "step":  # step counters stay where they are
                    state[name] = follow(value, param, homes[param])


def follow(value: Any, param: torch.Tensor, home: torch.device) -> Any:
    """A value of a parameter's state, where the parameter is now: what has its shape, and what lived beside it."""
    if isinstance(value, list):  # LBFGS keeps its past steps and gradients so
        return [follow(one, param, home) for one in value]
    if not isinstance(value, torch.Tensor) or value.device == param.device:
        return value
    beside = value.device == home and value.dim() > 0
    return value.to(param.device) if beside or value.shape == param.shape else value
