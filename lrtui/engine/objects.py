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


def check_also(also: object) -> None:
    """Check the objects that `LRFinder(also=…)` puts back too.

    Raises:
        TypeError: not a list, or one of them has no `state_dict` or no `load_state_dict`.
    """
    if not isinstance(also, list | tuple):
        raise TypeError(
            "`also` must be a list of objects with state_dict and load_state_dict, "
            f"got {_described(also)}"
        )
    for position, candidate in enumerate(also):
        if isinstance(candidate, type):
            raise TypeError(f"`also[{position}]` is {_described(candidate)}")
        for method in ("state_dict", "load_state_dict"):
            if not callable(getattr(candidate, method, None)):
                raise TypeError(
                    f"`also[{position}]`, {_described(candidate)}, cannot be put back: an object "
                    f"needs state_dict and load_state_dict, and it has no {method}"
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
    name = type(thing).__name__
    return f"an {name}" if name[0] in "AEIOaeio" else f"a {name}"
