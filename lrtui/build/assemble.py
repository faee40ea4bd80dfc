"""A spec becomes live objects, or one clear line that says in which phase it could not. Worker only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.build import device, instantiate, loaders, losses, metrics, models, optimizers
from lrtui.build.dry_run import try_batch
from lrtui.build.facts import facts_of
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.engine.batches import move
from lrtui.engine.forward import BatchError, Forward
from lrtui.engine.restore.random_state import reseed
from lrtui.spec import RunSpec


@dataclass(frozen=True)
class Built:
    """Live objects, ready for the engine: the model is on its device, the optimizer holds its parameters."""

    model: nn.Module
    optimizer: Optimizer | Sequence[Optimizer]
    criterion: (
        Callable[[Any, Any], torch.Tensor] | None
    )  # None: the loss is in the forward, or made by the step
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
    """Build everything that a spec names, and try its first batch.

    Random states are those of a script that seeds, then makes the model and the optimizer: whatever the data draws,
    looking at a first batch and trying it leave no trace in them.

    Raises:
        PhaseError: the phase and one line; the cause, if there is one, is chained.
    """
    where = device.choose(spec.device)
    reseed(spec.seed)
    data = _data(spec, where, notice)
    first = move(loaders.first_batch(spec.data.target, data.train), where)
    reseed(spec.seed)
    model = models.build(spec.model, facts_of(data.train, first), where, first, notice)
    optimizer = optimizers.build(spec.optimizer, model, spec.range.start_lr, notice)
    step = None if spec.step.target == "none" else instantiate.scorer("step", spec.step, notice)
    loss = (
        losses.Loss(None, "the step's own")
        if step
        else losses.build(spec.loss, model, first, notice)
    )
    metric, metric_name = _metric(spec, loss, notice)
    words = _described(model, loss.criterion, step, first)
    try_batch(model, optimizer, loss.criterion, metric, step, first, spec.precision, loss.name)
    return Built(
        model=model,
        optimizer=optimizer,
        criterion=loss.criterion,
        loss_name=loss.name,
        train_loader=data.train,
        val_loader=data.val,
        metric=metric,
        metric_name=metric_name,
        step=step,
        device=where,
        batch=words,
        optimizer_name=optimizers.name_of(optimizer),
    )


def _data(spec: RunSpec, where: torch.device, notice: Notice) -> loaders.Loaders:
    found = instantiate.load("data", spec.data, notice)
    made = instantiate.make("data", found, spec.data)
    both = loaders.loaders(spec.data.target, made, spec.loader, spec.seed, where)
    if spec.range.val and both.val is None:
        target = spec.data.target
        raise PhaseError(
            "data",
            f"{target} has no validation part: return a pair (train, validation), or turn val off",
        )
    return both


def _metric(
    spec: RunSpec, loss: losses.Loss, notice: Notice
) -> tuple[Callable[[Any, Any], Any] | None, str]:
    """The metric that was picked; for `auto`, accuracy where classes are told apart."""
    if spec.metric.target == "none":
        return None, ""
    if spec.metric.target == "auto":
        return (metrics.accuracy, "accuracy") if loss.name == losses.CROSS_ENTROPY else (None, "")
    return instantiate.scorer("metric", spec.metric, notice), spec.metric.target.rpartition(":")[2]


def _described(model: nn.Module, criterion: Any, step: Any, batch: Any) -> str:
    try:
        return Forward(model, criterion, step).describe(batch)
    except BatchError as error:
        raise PhaseError("data", str(error)) from error
