"""The loss in what a model, a criterion or a step returned.

A tensor is the loss. `loss`, as a key or an attribute, is the loss alone. Else it is every scalar
with a graph: in a tuple or list, in a mapping or object under a name with "loss" in it (under any
name where all values are scalars). Of several the sum is trained, unless the first is the sum of
the others already.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import reduce
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import torch

from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.words import BatchError, summary

_TOTAL_ACCURACY = 1e-5  # relative: a total that was summed in another order


class LossRule(NamedTuple):
    """How the loss is taken out of what was returned; `words` say it where there is a choice."""

    get: Callable[[Any], torch.Tensor]
    words: str = ""


def structure(returned: Any) -> Hashable:
    """What a rule is kept under: the same for things that are read alike."""
    if isinstance(returned, Mapping):
        return (type(returned), *returned)
    if is_sequence(returned):
        return (type(returned), len(returned))
    return (type(returned),)


def loss_rule(returned: Any, *, replicated: bool = False) -> LossRule | None:
    """The rule for what was returned, or None where it holds no loss.

    DataParallel (`replicated`) returns a vector with one loss per replica.

    Raises:
        BatchError: the loss is no scalar.
    """
    if isinstance(returned, torch.Tensor):
        return _of_tensor(returned, _itself, replicated)
    if isinstance(returned, Mapping):
        if "loss" in returned:
            return _of_named(returned["loss"], itemgetter("loss"), replicated)
        return _of_several(dict(returned), itemgetter, replicated)
    if hasattr(returned, "loss"):
        return _of_named(returned.loss, attrgetter("loss"), replicated)
    if is_sequence(returned):
        return _of_sequence(returned, replicated)
    return _of_several(dict(getattr(returned, "__dict__", {})), attrgetter, replicated)


def _of_tensor(loss: torch.Tensor, get: Callable[[Any], Any], replicated: bool) -> LossRule | None:
    if loss.dim() == 0:
        return LossRule(get)
    if replicated:
        return LossRule(lambda returned: get(returned).mean())
    if loss.numel() == 1:
        return LossRule(lambda returned: _only_number(get(returned)))
    return None


def _only_number(loss: torch.Tensor) -> torch.Tensor:
    """The number in a loss of one; a later batch may give another shape."""
    if loss.numel() != 1:
        raise BatchError(f"the loss must be a scalar, but it is {summary(loss)}: return its mean")
    return loss.reshape(())


def check_real(returned: Any) -> None:
    """Refuse a complex loss, whose real part torch would take without a word in a validation.

    Raises:
        BatchError: it is one.
    """
    if isinstance(returned, torch.Tensor) and returned.is_complex():
        raise BatchError(
            f"the loss must be a real number, but it is {summary(returned)}: "
            "return its real part or its absolute value"
        )


def _of_named(loss: Any, get: Callable[[Any], Any], replicated: bool) -> LossRule | None:
    if not isinstance(loss, torch.Tensor):
        return None
    rule = _of_tensor(loss, get, replicated)
    if rule is None and loss.numel():
        raise BatchError(f"the loss must be a scalar, but it is {summary(loss)}: return its mean")
    return rule


def _of_sequence(returned: Sequence[Any], replicated: bool) -> LossRule | None:
    indices = [i for i, part in enumerate(returned) if _is_loss(part, replicated)]
    indices = _with_graph(indices, returned)
    if not indices:
        return None
    names = [str(index + 1) for index in indices]
    return _summed([itemgetter(index) for index in indices], names, returned, replicated)


def _of_several(
    parts: dict[Any, Any], getter: Callable[[Any], Callable[[Any], Any]], replicated: bool
) -> LossRule | None:
    scalars = [key for key, value in parts.items() if _is_loss(value, replicated)]
    named = [key for key in scalars if "loss" in str(key).lower()]
    if not named and scalars and len(scalars) == len(parts):
        named = scalars
    named = _with_graph(named, parts)
    if not named:
        return None
    first = getter(named[0])
    source = parts if isinstance(first, itemgetter) else _Namespace(parts)
    return _summed([getter(key) for key in named], list(map(str, named)), source, replicated)


class _Namespace:
    """Values as attributes."""

    def __init__(self, values: dict[Any, Any]) -> None:
        self.__dict__.update(values)


def _is_loss(value: Any, replicated: bool) -> bool:
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return False
    return value.dim() == 0 or (replicated and value.dim() == 1)


def _with_graph(keys: list[Any], parts: Any) -> list[Any]:
    """Those with a graph: a detached scalar is for a log. All of them where gradients are off."""
    with_graph = [key for key in keys if parts[key].requires_grad]
    if not with_graph and len(keys) > 1 and torch.is_grad_enabled():
        names = ", ".join(str(key + 1 if isinstance(key, int) else key) for key in keys)
        raise BatchError(
            f"{len(keys)} scalars could be the loss ({names}), and none has a gradient: return one "
            "loss, or (loss, {name: value})"
        )
    return with_graph or keys


def _summed(
    gets: list[Callable[[Any], Any]], names: list[str], returned: Any, replicated: bool
) -> LossRule:
    values = [get(returned).detach().mean() for get in gets]
    if len(gets) == 1:
        get = gets[0]
        if replicated:
            return LossRule(lambda again: get(again).mean())
        return LossRule(get)
    listed = ", ".join(names)
    if len(gets) > 2 and torch.isclose(values[0], sum(values[1:]), rtol=_TOTAL_ACCURACY):
        first = gets[0]
        words = f"{len(gets)} losses ({listed}): the first, which is the sum of the others"
        return LossRule(lambda again: first(again).mean(), words)

    def total(again: Any) -> torch.Tensor:
        parts = [get(again) for get in gets]
        summed: torch.Tensor = reduce(torch.add, map(torch.mean, parts) if replicated else parts)
        return summed

    return LossRule(total, f"{len(gets)} losses ({listed}): their sum is trained")


def _itself(returned: Any) -> Any:
    return returned
