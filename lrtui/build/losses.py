"""The loss of a run: the criterion that was picked, or the one that fits the batch."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from lrtui.build.device import device_of
from lrtui.build.dry_run import dry_forward
from lrtui.build.facts import is_class_labels
from lrtui.build.instantiate import Picked, make_scorer
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.losses import loss_rule
from lrtui.engine.reading.outputs import pick_of
from lrtui.engine.reading.rule import read
from lrtui.engine.reading.scoring import AUTO
from lrtui.engine.reading.signature import signature_of
from lrtui.engine.reading.words import BatchError, summary
from lrtui.engine.types import Batch, Criterion, ModelOutput, Target
from lrtui.spec import Choice


class Loss(NamedTuple):
    """A criterion and its name; without a criterion, the model or the step returns the loss."""

    criterion: Criterion | None
    name: str


CROSS_ENTROPY = "cross entropy"
SQUARED_ERROR = "mean squared error"
IN_FORWARD = Loss(None, "the model's own")


class TokenCrossEntropy(nn.CrossEntropyLoss):
    """Cross entropy of scores (…, classes) and labels (…), as sequence models have them."""

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The mean over all labels."""
        return super().forward(output.flatten(0, -2), target.flatten())


def build(choice: Choice, model: nn.Module, batch: Batch, notice: Notice, names: str = "") -> Loss:
    """The loss of a choice; `auto` looks at the batch, which is on the model's device.

    Raises:
        PhaseError: the criterion cannot be made, or none can be chosen.
    """
    if choice.target == "none":
        return IN_FORWARD
    if choice.target == "auto":
        loss = with_args(choose_loss(model, batch, names), choice.args, device_of(model))
        if choice.args:
            given = ", ".join(f"{name}={value}" for name, value in choice.args.items())
            notice(f"loss auto is {loss.name}, with {given}")
        return loss
    criterion = make_scorer("loss", choice, notice, device_of(model))
    if isinstance(criterion, nn.Module):
        criterion.to(device_of(model))
    return Loss(criterion, choice.target.rpartition(":")[2])


def with_args(loss: Loss, args: Mapping[str, object], device: torch.device) -> Loss:
    """The loss that was chosen, made with the arguments of `auto`.

    Raises:
        PhaseError: the criterion does not take them, or there is none.
    """
    if not args:
        return loss
    if loss.criterion is None:
        named = ", ".join(f"loss.{name}" for name in args)
        raise PhaseError("loss", f"{named} has no effect: the model returns its loss")
    kind = type(loss.criterion)
    public = next(base for base in kind.__mro__ if base.__module__ == "torch.nn.modules.loss")
    picked = Picked("loss", Choice(f"torch.nn:{public.__name__}", dict(args)), kind, device)
    criterion = picked.call()
    assert isinstance(criterion, nn.Module)
    return Loss(criterion.to(device), loss.name)


def choose_loss(model: nn.Module, batch: Batch, names: str = "") -> Loss:
    """Cross entropy for integer labels, squared error for numbers; or the loss of the forward.

    Raises:
        PhaseError: no criterion fits, or the forward failed.
    """
    target, problem = _target(model, batch, names)
    if _is_plain_pair(model, batch, target):
        return _loss_for(target)
    output = dry_forward(model, batch, names)
    if _holds_loss(output):
        return IN_FORWARD
    if problem:
        raise PhaseError("data", problem)
    output = _scores(output, target)
    if not isinstance(target, torch.Tensor) or not isinstance(output, torch.Tensor):
        sides = f"batch: {summary(batch)}, output: {summary(output)}"
        raise PhaseError("loss", f"no loss can be chosen ({sides}): pick a loss or a step")
    is_sequence_of_labels = output.dim() > 2 and output.shape[:-1] == target.shape
    if is_sequence_of_labels and is_class_labels(target):
        return Loss(TokenCrossEntropy(), CROSS_ENTROPY)
    return _loss_for(target)


def _is_plain_pair(model: nn.Module, batch: Batch, target: Batch) -> bool:
    """Whether the target alone decides: a label or number an example, none for the forward."""
    if not isinstance(target, torch.Tensor) or target.dim() > 1:
        return False
    return is_sequence(batch) and signature_of(model).target_option is None


def _holds_loss(output: ModelOutput) -> bool:
    """Whether what the model returned is its loss."""
    try:
        return loss_rule(output) is not None
    except BatchError as error:
        raise PhaseError("loss", str(error)) from error


def _scores(output: ModelOutput, target: Target) -> ModelOutput:
    """The part of the output that a criterion gets."""
    try:
        pick = pick_of(output, target, AUTO)
    except BatchError as error:
        raise PhaseError("loss", str(error)) from error
    return output if pick is None else pick.get(output)


def _target(model: nn.Module, batch: Batch, names: str) -> tuple[Target, str]:
    """What a criterion compares with the output; None and the problem where it is not known."""
    try:
        reading = read(signature_of(model), batch, AUTO, names=names)[0]
    except BatchError as error:
        return None, str(error)
    return (None if reading.target is None else reading.target.get(batch)), ""


def _loss_for(target: torch.Tensor) -> Loss:
    if is_class_labels(target):
        return Loss(nn.CrossEntropyLoss(), CROSS_ENTROPY)
    if target.is_floating_point():
        return Loss(nn.MSELoss(), SQUARED_ERROR)
    message = f"no loss fits a target of {summary(target)}"
    raise PhaseError("loss", f"{message}: pick one, or return labels (int64) or numbers")
