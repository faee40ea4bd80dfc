"""Checks of the model, optimizer and criterion that a user passes in."""

from collections.abc import Sequence

from torch import nn


def check_objects(model: object, optimizer: object, criterion: object) -> None:
    """Check the arguments of `LRFinder`; the usual mistake is a class instead of an instance.

    Raises:
        TypeError: not a model, not an optimizer (or a list of them), or not a criterion.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"`model` must be an nn.Module, got {_described(model)}")
    optimizers = optimizer if isinstance(optimizer, Sequence) else [optimizer]
    if not optimizers:
        raise TypeError("`optimizer` must be an optimizer or a list of them, got an empty list")
    for candidate in optimizers:
        if not _is_optimizer(candidate):
            raise TypeError(
                "`optimizer` must be a torch.optim optimizer or a list of them, "
                f"got {_described(candidate)}"
            )
    if not _is_criterion(criterion):
        raise TypeError(
            "`criterion` must be a function of (output, target), or None, "
            f"got {_described(criterion)}"
        )


def _is_optimizer(candidate: object) -> bool:
    # wrappers of optimizers (apex, accelerate) need not inherit from torch's class
    if isinstance(candidate, type):
        return False
    return hasattr(candidate, "param_groups") and hasattr(candidate, "step")


def _is_criterion(criterion: object) -> bool:
    if criterion is None:
        return True
    return callable(criterion) and not isinstance(criterion, type)


def _described(thing: object) -> str:
    if thing is None:
        return "None"
    if isinstance(thing, type):
        return f"the class {thing.__name__}: give an instance of it"
    return f"a {type(thing).__name__}"
