"""The optimizer of a run: a class or a factory that takes the parameters or the model."""

import inspect
from collections.abc import Mapping
from typing import NamedTuple, TypeGuard

from torch import nn
from torch.optim import Optimizer

from lrtui.build.instantiate import Picked, import_choice
from lrtui.build.param_groups import RULES, make_groups
from lrtui.build.types import Factory, Optimizers
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.spec import Choice

_INTERFACE = ("param_groups", "step", "zero_grad", "state")


class OptimizerSignature(NamedTuple):
    """What is known of the parameters of an optimizer's factory."""

    names: tuple[str, ...]
    known: bool  # false for a builtin that has no signature

    @property
    def takes_model(self) -> bool:
        """Whether it takes the model, rather than its parameters."""
        return self.names[:1] == ("model",)

    @property
    def takes_lr(self) -> bool:
        """Whether `lr` can be given by keyword."""
        return not self.known or "lr" in self.names


def build(choice: Choice, model: nn.Module, lr: float, notice: Notice) -> Optimizers:
    """The optimizer of a choice; several where a factory returns several.

    Raises:
        PhaseError: it cannot be made, or what was made is not an optimizer.
    """
    picked = import_choice("optimizer", choice, notice)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        message = f"{choice.target}: the model has no parameters to train"
        raise PhaseError("optimizer", message)
    signature = signature_of(picked.factory)
    rate = {"lr": lr} if signature.takes_lr else {}
    rules = _group_rules(picked, signature)
    if signature.takes_model:
        made = picked.call(model, **rate)
    elif rules:
        made = _with_groups(picked, model, lr, rules, rate)
    else:
        made = picked.call([one for one in model.parameters() if one.requires_grad], **rate)
    if not _are_optimizers(made):
        message = f"{choice.target} returned {type(made).__name__}"
        raise PhaseError("optimizer", f"{message}: expected a torch.optim.Optimizer")
    return made


def name_of(made: Optimizers) -> str:
    """`AdamW`, or `Adam + SGD` for several."""
    optimizers = made if isinstance(made, tuple | list) else [made]
    names = [type(optimizer).__name__ for optimizer in optimizers]
    return " + ".join(dict.fromkeys(names))


def signature_of(factory: Factory) -> OptimizerSignature:
    """The signature of an optimizer's factory, as far as it can be read."""
    try:
        return OptimizerSignature(tuple(inspect.signature(factory).parameters), known=True)
    except (ValueError, TypeError):
        return OptimizerSignature((), known=False)


def is_optimizer(made: object) -> bool:
    """Whether this is one of torch's optimizers, or has what the engine needs of one."""
    return isinstance(made, Optimizer) or all(hasattr(made, name) for name in _INTERFACE)


def _group_rules(picked: Picked, signature: OptimizerSignature) -> dict[str, object]:
    """The arguments that are our rules for parameter groups, rather than the optimizer's own."""
    if not inspect.isclass(picked.factory):
        return {}
    rules = RULES - set(signature.names)
    return {name: value for name, value in picked.choice.args.items() if name in rules}


def _with_groups(
    picked: Picked,
    model: nn.Module,
    lr: float,
    rules: Mapping[str, object],
    rate: Mapping[str, float],
) -> object:
    """The optimizer over parameter groups that are made by the rules."""
    args = picked.checked_args()
    groups = make_groups(model, lr, **{name: args.pop(name) for name in rules})  # type: ignore[arg-type]
    own = {name: value for name, value in picked.choice.args.items() if name not in rules}
    return picked.with_args(own).call(groups, **rate)


def _are_optimizers(made: object) -> TypeGuard[Optimizers]:
    optimizers = made if isinstance(made, tuple | list) else [made]
    return bool(optimizers) and all(map(is_optimizer, optimizers))
