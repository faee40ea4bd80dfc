"""The optimizer of a run: a class or a factory that takes the parameters or the model."""

import inspect
from typing import Any, NamedTuple, TypeGuard

from torch import nn
from torch.optim import Optimizer

from lrtui.build.dry_run import as_list
from lrtui.build.instantiate import Picked, import_choice
from lrtui.build.param_groups import RULES, Group, make_groups
from lrtui.build.types import Factory, Optimizers
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.engine.reading.callable import signature_of_callable
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
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise PhaseError("optimizer", f"{choice.target}: {_untrained(model)}")
    signature = signature_of(picked.factory)
    keywords: dict[str, float] = {}
    if signature.takes_lr:
        keywords["lr"] = lr
    rules = _group_rules(picked, signature)
    if signature.takes_model:
        made = picked.call(model, **keywords)
    elif rules:
        own, groups = _apply_rules(picked, rules, model, lr)
        made = own.call(groups, **keywords)
    else:
        made = picked.call(trained, **keywords)
    if not _are_optimizers(made):
        message = f"{choice.target} returned {type(made).__name__}"
        raise PhaseError("optimizer", f"{message}: expected a torch.optim.Optimizer")
    return made


def _untrained(model: nn.Module) -> str:
    """Why a model has no parameters to train."""
    count = len(list(model.parameters()))
    if count == 0:
        return "the model has no parameters to train"
    return (
        f"the model has no parameters to train: all {count} are frozen (requires_grad is False);"
        " unfreeze those to train in your model, head.requires_grad_(True) for example"
    )


def name_of(made: Optimizers) -> str:
    """`AdamW`, or `Adam + SGD` for several."""
    names = [type(optimizer).__name__ for optimizer in as_list(made)]
    return " + ".join(dict.fromkeys(names))


def signature_of(factory: Factory) -> OptimizerSignature:
    """The signature of an optimizer's factory, as far as it can be read."""
    try:
        return OptimizerSignature(tuple(signature_of_callable(factory).parameters), known=True)
    except (ValueError, TypeError):
        return OptimizerSignature((), known=False)


def is_optimizer(made: object) -> bool:
    """Whether this is one of torch's optimizers, or has what the engine needs of one."""
    if isinstance(made, Optimizer):
        return True
    return all(hasattr(made, name) for name in _INTERFACE)


def _group_rules(picked: Picked, signature: OptimizerSignature) -> set[str]:
    """The arguments that are our rules for parameter groups, rather than the optimizer's own."""
    if not inspect.isclass(picked.factory):
        return set()
    ours = set(RULES) - set(signature.names)
    return ours & picked.choice.args.keys()


def _apply_rules(
    picked: Picked, rules: set[str], model: nn.Module, lr: float
) -> tuple[Picked, list[Group]]:
    """The pick without the rules, and the parameter groups that they make."""
    args = picked.checked_args()
    own = dict(picked.choice.args)
    options: dict[str, Any] = {}
    for rule in rules:
        options[rule] = args[rule]
        del own[rule]
    return picked.with_args(own), make_groups(model, lr, **options)


def _are_optimizers(made: object) -> TypeGuard[Optimizers]:
    if not isinstance(made, tuple | list):
        return is_optimizer(made)
    return len(made) > 0 and all(map(is_optimizer, made))
