"""The optimizer of a spec: a class or a factory over the parameters or the model. Worker only."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace
from torch import nn
from torch.optim import Optimizer

from lrtui.build import instantiate, param_groups
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.spec import Choice

RULES = (param_groups.DECAY_ALL, param_groups.LAYER_DECAY)


def build(
    choice: Choice, model: nn.Module, lr: float, notice: Notice
) -> Optimizer | Sequence[Optimizer]:
    """The optimizer that was picked, over what the model trains; several where a factory returns several.

    Raises:
        PhaseError: it cannot be made, or what was made is none.
    """
    found = instantiate.load("optimizer", choice, notice)
    first, takes_lr = signature(found)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise PhaseError("optimizer", f"{choice.target}: the model has no parameters to train")
    given, choice = (model, choice) if first == "model" else _parameters(found, choice, model, lr)
    made = instantiate.make("optimizer", found, choice, given, **({"lr": lr} if takes_lr else {}))
    each = made if isinstance(made, tuple | list) else [made]
    if not each or not all(is_optimizer(one) for one in each):
        raise PhaseError(
            "optimizer",
            f"{choice.target} returned {type(made).__name__}: expected a torch.optim.Optimizer",
        )
    return made  # type: ignore[no-any-return]


def _parameters(
    found: Callable[..., Any], choice: Choice, model: nn.Module, lr: float
) -> tuple[Any, Choice]:
    """What the optimizer gets: the parameters, or groups of them where the choice asks for a rule of ours."""
    own = signature_names(found)
    rules = {
        name: value for name, value in choice.args.items() if name in RULES and name not in own
    }
    if not inspect.isclass(found) or not rules:
        return [parameter for parameter in model.parameters() if parameter.requires_grad], choice
    instantiate.checked("optimizer", found, choice)
    rest = {name: value for name, value in choice.args.items() if name not in rules}
    return param_groups.groups(model, lr, **rules), replace(choice, args=rest)


def signature_names(found: Callable[..., Any]) -> set[str]:
    """The names of a callable's parameters, as far as they can be told."""
    try:
        return set(inspect.signature(found).parameters)
    except (ValueError, TypeError):
        return set()


def signature(found: Callable[..., Any]) -> tuple[str, bool]:
    """The name of the first parameter, and whether `lr` can be given."""
    try:
        parameters = inspect.signature(found).parameters
    except (ValueError, TypeError):
        return "params", True
    return next(iter(parameters), "params"), "lr" in parameters


def is_optimizer(made: Any) -> bool:
    """torch's, or what behaves as one: groups of parameters, a step, gradients to zero."""
    return isinstance(made, Optimizer) or all(
        hasattr(made, name) for name in ("param_groups", "step", "zero_grad", "state")
    )


def name_of(made: Any) -> str:
    """`AdamW`, or `Adam + SGD` for several."""
    each = made if isinstance(made, tuple | list) else [made]
    return " + ".join(dict.fromkeys(type(one).__name__ for one in each))
