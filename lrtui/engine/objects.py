"""The objects that a person brings: told in a line what is wrong with them, before anything is touched."""

from collections.abc import Sequence
from typing import Any

from torch import nn


def check_objects(model: Any, optimizer: Any, criterion: Any) -> None:
    """Raise TypeError for what is no model, optimizer or criterion; classes in place of objects are the usual slip."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"`model` must be an nn.Module, got {_named(model)}")
    optimizers = optimizer if isinstance(optimizer, Sequence) else [optimizer]
    if not optimizers:
        raise TypeError("`optimizer` must be an optimizer or a list of them, got an empty list")
    for one in optimizers:
        # wrappers of optimizers (apex, accelerate) need not inherit from torch's class
        if isinstance(one, type) or not (hasattr(one, "param_groups") and hasattr(one, "step")):
            raise TypeError(f"`optimizer` must be a torch.optim optimizer or a list of them, got {_named(one)}")
    if isinstance(criterion, type) or not (criterion is None or callable(criterion)):
        raise TypeError(f"`criterion` must be a function of (output, target), or None, got {_named(criterion)}")


def _named(thing: Any) -> str:
    if isinstance(thing, type):
        return f"the class {thing.__name__}: give an instance of it"
    return "None" if thing is None else f"a {type(thing).__name__}"
