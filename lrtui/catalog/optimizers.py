"""The optimizer of a spec: a class or a factory over the parameters or the model. Worker only."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from lrtui.catalog import call
from lrtui.catalog.errors import BuildError
from lrtui.catalog.target import Notice
from lrtui.spec import Choice


def build(choice: Choice, model: nn.Module, lr: float, notice: Notice) -> Optimizer | Sequence[Optimizer]:
    """The optimizer that was picked, over what the model trains; several where a factory returns several.

    Raises:
        BuildError: it cannot be made, or what was made is none.
    """
    found = call.load("optimizer", choice, notice)
    first, takes_lr = signature(found)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise BuildError("optimizer", f"{choice.target}: the model has no parameters to train")
    given = model if first == "model" else trained
    more = {"lr": lr} if takes_lr else {}
    made = call.make("optimizer", found, choice, given, **more)
    each = made if isinstance(made, tuple | list) else [made]
    if not each or not all(is_optimizer(one) for one in each):
        raise BuildError(
            "optimizer", f"{choice.target} returned {type(made).__name__}: expected a torch.optim.Optimizer"
        )
    return made  # type: ignore[no-any-return]


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
