"""The model of a spec: made, fitted to the data, on its device. Worker only."""

from typing import Any

import torch
from msgspec.structs import replace
from torch import nn
from torch.nn.parameter import is_lazy

from lrtui.build import explain, instantiate
from lrtui.build.losses import called
from lrtui.catalog.errors import PhaseError, one_line
from lrtui.catalog.infer import Facts, infer_args
from lrtui.catalog.targets import Notice
from lrtui.spec import Choice


def build(
    choice: Choice, facts: Facts | None, where: torch.device, batch: Any, notice: Notice
) -> nn.Module:
    """The model that was picked; parameters of the usual names that were not given are taken from the data.

    Raises:
        PhaseError: it cannot be made, is no module, or does not fit on the device.
    """
    found = instantiate.load("model", choice, notice)
    if isinstance(found, nn.Module):
        raise PhaseError(
            "model",
            f"{choice.target} is a model already: give the class, or a function that makes it",
        )
    if facts is not None:
        offer = instantiate.offered("model", found, choice)
        fitted = infer_args(offer.fields, facts, choice.args)
        _tell(offer.fields, fitted, notice)
        choice = replace(choice, args={**fitted, **choice.args})
    made = instantiate.make("model", found, choice)
    if not isinstance(made, nn.Module):
        got = "None" if made is None else type(made).__name__
        raise PhaseError("model", f"{choice.target} returned {got}: expected a torch.nn.Module")
    model = _on(made, where, choice)
    if any(is_lazy(parameter) for parameter in model.parameters()):
        _settle(model, batch)
    return model


def _tell(fields: Any, fitted: dict[str, Any], notice: Notice) -> None:
    """Say what was taken from the data, where it is not what the model would have had anyway."""
    defaults = {field.name: field.default for field in fields}
    changed = [f"{name} = {value}" for name, value in fitted.items() if defaults[name] != value]
    if changed:
        notice(f"taken from the data: {', '.join(changed)}")


def _on(model: nn.Module, where: torch.device, choice: Choice) -> nn.Module:
    """The model on its device; out of memory is told with its size."""
    try:
        return model.to(where)
    except torch.OutOfMemoryError as error:
        size = (
            sum(tensor.nelement() * tensor.element_size() for tensor in model.parameters()) / 2**30
        )
        told_size = f"{choice.target} ({size:.1f} GiB of parameters) does not fit on {where}"
        raise PhaseError("device", f"{told_size}: free memory, or use cpu") from error
    except RuntimeError as error:
        raise PhaseError(
            "device", f"{choice.target} cannot be moved to {where}: {one_line(error)}"
        ) from error


def _settle(model: nn.Module, batch: Any) -> None:
    """Give lazy layers their sizes: an optimizer needs parameters that exist."""
    path, training = explain.Path(model), model.training
    try:
        with torch.no_grad(), path:
            called(model.eval(), batch)
    except (Exception, SystemExit) as error:
        raise PhaseError("model", explain.of_forward(error, path)) from error
    finally:
        model.train(training)
