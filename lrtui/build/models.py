"""The model of a run: made with arguments that fit the data, and moved to its device."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lrtui.build import explain
from lrtui.build.construction.construct import construct
from lrtui.build.dry_run import call_model
from lrtui.build.facts import facts_of
from lrtui.build.instantiate import Picked, import_choice
from lrtui.catalog.errors import PhaseError, one_line
from lrtui.catalog.infer import infer_args
from lrtui.catalog.targets import Notice
from lrtui.engine.reading.signature import signature_of_class
from lrtui.engine.types import Batch
from lrtui.spec import Choice, InitDevice


def build(
    choice: Choice,
    data: object,
    device: torch.device,
    batch: Batch,
    notice: Notice,
    names: str = "",
    *,
    ignore_index: int | None = None,
    init_device: InitDevice = "cpu",
) -> nn.Module:
    """The model of a choice; missing arguments with common names are inferred from the data.

    Args:
        choice: what makes it.
        data: the training loader.
        device: where it goes.
        batch: the first one, on the device.
        notice: called with lines for the user.
        names: what the user says that each item of a batch is.
        ignore_index: a label that the loss ignores.
        init_device: where it is made, see `construct`.

    Raises:
        PhaseError: it cannot be made, is not a module, or does not fit on the device.
    """
    picked = import_choice("model", choice, notice)
    if isinstance(picked.factory, nn.Module):
        message = f"{choice.target} is a model already"
        raise PhaseError("model", f"{message}: give the class, or a function that makes it")
    signature = signature_of_class(picked.factory)
    facts = facts_of(data, batch, signature, names, ignore_index=ignore_index)
    if facts is not None:
        inferred = infer_args(picked.offer.fields, facts, choice.args)
        _report_inferred(picked, inferred, notice)
        picked = picked.with_args(inferred | choice.args)
    made = construct(picked.call, init_device, device, notice)
    if not isinstance(made, nn.Module):
        kind = "None" if made is None else type(made).__name__
        raise PhaseError("model", f"{choice.target} returned {kind}: expected a torch.nn.Module")
    model = _moved(made, device, choice.target)
    if any(map(is_lazy, model.parameters())):
        _initialise_lazy_layers(model, batch, names)
    return model


def _report_inferred(picked: Picked, inferred: Mapping[str, object], notice: Notice) -> None:
    """Report the inferred arguments that differ from the model's defaults."""
    changed = []
    for field in picked.offer.fields:
        if field.name in inferred and inferred[field.name] != field.default:
            changed.append(f"{field.name} = {inferred[field.name]}")
    if changed:
        notice(f"taken from the data: {', '.join(changed)}")


def _moved(model: nn.Module, device: torch.device, target: str) -> nn.Module:
    try:
        return model.to(device)
    except torch.OutOfMemoryError as error:
        size = sum(tensor.nelement() * tensor.element_size() for tensor in model.parameters())
        what = f"{target} ({size / 2**30:.1f} GiB of parameters)"
        message = f"{what} does not fit on {device}: free memory, or use cpu"
        raise PhaseError("device", message) from error
    except RuntimeError as error:
        message = f"{target} cannot be moved to {device}: {one_line(error)}"
        raise PhaseError("device", message) from error


def _initialise_lazy_layers(model: nn.Module, batch: Batch, names: str) -> None:
    """Run one forward: lazy layers get their parameters from it, and the optimizer needs those."""
    was_training = model.training
    trace = explain.ForwardTrace(model)
    try:
        with torch.no_grad(), trace:
            call_model(model.eval(), batch, names)
    except BaseException as error:
        raise PhaseError("model", explain.forward_failure(error, trace)) from error
    finally:
        model.train(was_training)
