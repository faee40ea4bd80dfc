"""A spec becomes live objects, or one clear line that says in which phase it could not. Worker only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.catalog import call, device, loaders, losses, optimizers
from lrtui.catalog.errors import BuildError, told
from lrtui.catalog.target import Notice
from lrtui.engine.batches import move
from lrtui.engine.forward import BatchError, Forward
from lrtui.engine.rng import reseed
from lrtui.spec import Choice, RunSpec


@dataclass(frozen=True)
class Built:
    """Live objects, ready for the engine: the model is on its device, the optimizer holds its parameters."""

    model: nn.Module
    optimizer: Optimizer | Sequence[Optimizer]
    criterion: Callable[[Any, Any], torch.Tensor] | None  # None: the loss is in the forward, or made by the step
    loss_name: str
    train_loader: Any
    val_loader: Any  # None where the data has no validation part
    metric: Callable[[Any, Any], Any] | None
    metric_name: str
    step: Callable[..., Any] | None
    device: torch.device
    batch: str  # what a batch was taken for, in words
    optimizer_name: str


def build(spec: RunSpec, notice: Notice = lambda text: None) -> Built:
    """Build everything that a spec names.

    Random states are those of a script that seeds, then makes the model and the optimizer: whatever the data draws, and
    looking at a first batch, leave no trace in them.

    Raises:
        BuildError: the phase and one line; the cause, if there is one, is chained.
    """
    where = device.choose(spec.device)
    reseed(spec.seed)
    data = _data(spec, where, notice)
    first = loaders.first_batch(spec.data.target, data.train)
    reseed(spec.seed)
    model = _on(_model(spec, notice), where, spec.model)
    first = move(first, where)
    optimizer = optimizers.build(spec.optimizer, model, spec.range.start_lr, notice)
    step = None if spec.step.target == "none" else call.scorer("step", spec.step, notice)
    loss = losses.Loss(None, "the step's own") if step else losses.build(spec.loss, model, first, notice)
    metric = None if spec.metric.target == "none" else call.scorer("metric", spec.metric, notice)
    return Built(
        model=model,
        optimizer=optimizer,
        criterion=loss.criterion,
        loss_name=loss.name,
        train_loader=data.train,
        val_loader=data.val,
        metric=metric,
        metric_name=spec.metric.target.rpartition(":")[2] if metric else "",
        step=step,
        device=where,
        batch=_described(model, loss.criterion, step, first),
        optimizer_name=optimizers.name_of(optimizer),
    )


def _data(spec: RunSpec, where: torch.device, notice: Notice) -> loaders.Loaders:
    found = call.load("data", spec.data, notice)
    made = call.make("data", found, spec.data)
    both = loaders.loaders(spec.data.target, made, spec.loader, spec.seed, where)
    if spec.range.val and both.val is None:
        raise BuildError(
            "data", f"{spec.data.target} has no validation part: return a pair (train, validation), or turn val off"
        )
    return both


def _model(spec: RunSpec, notice: Notice) -> nn.Module:
    found = call.load("model", spec.model, notice)
    made = call.make("model", found, spec.model)
    if not isinstance(made, nn.Module):
        got = "None" if made is None else type(made).__name__
        raise BuildError("model", f"{spec.model.target} returned {got}: expected a torch.nn.Module")
    return made


def _on(model: nn.Module, where: torch.device, choice: Choice) -> nn.Module:
    """The model on its device; out of memory is told with its size."""
    try:
        return model.to(where)
    except torch.OutOfMemoryError as error:
        size = sum(tensor.nelement() * tensor.element_size() for tensor in model.parameters())
        raise BuildError(
            "device",
            f"{choice.target} ({size / 2**30:.1f} GiB of parameters) does not fit on {where}: free memory, or use cpu",
        ) from error
    except RuntimeError as error:
        raise BuildError("device", f"{choice.target} cannot be moved to {where}: {told(error)}") from error


def _described(model: nn.Module, criterion: Any, step: Any, batch: Any) -> str:
    try:
        return Forward(model, criterion, step).describe(batch)
    except BatchError as error:
        raise BuildError("data", str(error)) from error
