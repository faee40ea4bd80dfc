"""Which criterion fits a batch, and its name. Worker only."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from lrtui.build import explain, instantiate
from lrtui.build.untouched import untouched
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.engine.forward import is_sequence, loss_in, summary
from lrtui.engine.signature import TARGET_KEYS, forward_inputs, required_inputs, takes_target
from lrtui.spec import Choice

Criterion = Callable[[Any, Any], torch.Tensor]


class Loss(NamedTuple):
    """A criterion, None where the model returns its loss, and what the loss is called."""

    criterion: Criterion | None
    name: str


CROSS_ENTROPY = "cross entropy"
IN_FORWARD = Loss(None, "the model's own")


class TokenCrossEntropy(nn.CrossEntropyLoss):
    """Cross entropy of scores (…, classes) with labels (…), as sequence models give them."""

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The mean over every place; torch's own wants the classes in the second dimension."""
        return super().forward(output.flatten(0, -2), target.flatten())


def build(choice: Choice, model: nn.Module, batch: Any, notice: Notice) -> Loss:
    """The criterion that was picked, or for `auto` the one that fits the batch (which is on the model's device)."""
    if choice.target == "none":
        return IN_FORWARD
    if choice.target == "auto":
        return auto(model, batch)
    criterion = instantiate.scorer("loss", choice, notice)
    if isinstance(criterion, nn.Module):
        criterion.to(_device(model))
    return Loss(criterion, choice.target.rpartition(":")[2])


def auto(model: nn.Module, batch: Any) -> Loss:
    """Cross entropy for integer labels, mean squared error for numbers, none where the forward returns a loss."""
    target = _target(model, batch)
    if (
        isinstance(target, torch.Tensor)
        and target.dim() <= 1
        and is_sequence(batch)
        and not takes_target(model)
    ):
        return _by_type(target)
    output = tried(model, batch)
    if loss_in(output) is not None:
        return IN_FORWARD
    output = getattr(output, "logits", output)
    if target is None and isinstance(batch, torch.Tensor):
        target = batch
    if not isinstance(target, torch.Tensor) or not isinstance(output, torch.Tensor):
        raise PhaseError(
            "loss",
            f"no loss can be chosen (batch: {summary(batch)}, output: {summary(output)}): pick a loss or a step",
        )
    if _is_classes(target) and output.dim() > 2 and output.shape[:-1] == target.shape:
        return Loss(TokenCrossEntropy(), CROSS_ENTROPY)
    return _by_type(target)


def tried(model: nn.Module, batch: Any) -> Any:
    """What the model makes of a batch; the model and every random state are left as they were."""
    path = explain.Path(model)
    try:
        with untouched([model]), torch.no_grad(), path:
            return called(model, batch)
    except torch.OutOfMemoryError as error:
        raise PhaseError("device", explain.of_memory(_device(model), batch)) from error
    except (Exception, SystemExit) as error:
        raise PhaseError("model", explain.of_forward(error, path)) from error


def _by_type(target: torch.Tensor) -> Loss:
    if _is_classes(target):
        return Loss(nn.CrossEntropyLoss(), CROSS_ENTROPY)
    if target.is_floating_point():
        return Loss(nn.MSELoss(), "mean squared error")
    raise PhaseError(
        "loss",
        f"no loss fits a target of {summary(target)}: pick one, or return labels (int64) or numbers",
    )


def _is_classes(target: torch.Tensor) -> bool:
    return not target.is_floating_point() and not target.is_complex() and target.dtype != torch.bool


def _target(model: nn.Module, batch: Any) -> Any:
    """What of a batch would be compared with the output, if anything."""
    if is_sequence(batch):
        count = required_inputs(model) or 1
        return batch[count] if count < len(batch) else None
    if isinstance(batch, Mapping):
        return next((batch[key] for key in TARGET_KEYS if key in batch), None)
    return next((getattr(batch, key) for key in TARGET_KEYS if hasattr(batch, key)), None)


def called(model: nn.Module, batch: Any) -> Any:
    """The model on a batch, in the way that a batch of its kind is given."""
    if isinstance(batch, Mapping):
        return _mapped(model, batch)
    if is_sequence(batch):
        return model(*forward_inputs(model, batch))
    return model(batch)


def _mapped(model: nn.Module, batch: Mapping[str, Any]) -> Any:
    """Everything as keyword arguments; a forward that takes no target gets the rest."""
    try:
        return model(**batch)
    except TypeError:
        rest = {key: value for key, value in batch.items() if key not in TARGET_KEYS}
        if len(rest) == len(batch):
            raise
        return model(**rest)


def _device(model: nn.Module) -> torch.device:
    first = next(model.parameters(), None)
    return first.device if first is not None else torch.device("cpu")
