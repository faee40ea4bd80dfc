"""What the items of a batch were taken for, compiled to one function for the training loop."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

import torch

from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.signature import TARGET_KEYS
from lrtui.engine.reading.words import kind_of
from lrtui.engine.types import Batch, Target

Get: TypeAlias = Callable[[Batch], Any]
Taken: TypeAlias = tuple[tuple[Any, ...], dict[str, Any], Target]  # args, kwargs, target
INPUT_KEYS = (
    "x",
    "inputs",
    "input",
    "pixel_values",
    "input_ids",
    "images",
    "image",
    "features",
    "data",
)


@dataclass(frozen=True)
class Item:
    """A part of a batch: how it is taken out, and how it is named in words.

    `parameter` is the one that it goes to; "" where the forward does not name it.
    """

    get: Get
    label: str = ""  # its key or attribute
    parameter: str = ""

    def to(self, parameter: str) -> "Item":
        """The same part for a parameter."""
        return replace(self, parameter=parameter)


@dataclass(frozen=True)
class Reading:
    """What the items of a batch are taken for.

    Args:
        args: positional arguments of the forward.
        named: arguments by name; each has its parameter.
        target: what the criterion compares the output with, None where nothing is.
        unused: what is left over.
        scored: whether a criterion gets the target; else it only shows the size of the batch.
    """

    args: tuple[Item, ...] = ()
    named: tuple[Item, ...] = ()
    target: Item | None = None
    unused: tuple[Item, ...] = ()
    scored: bool = True

    def compiled(self) -> Callable[[Batch], Taken]:
        """The function that takes (args, kwargs, target) out of a batch."""
        target = self.target.get if self.target is not None else _nothing
        if len(self.args) == 1 and not self.named:
            return _one_input(self.args[0].get, target)
        gets = [item.get for item in self.args]
        named = [(item.parameter, item.get) for item in self.named]

        def take(batch: Batch) -> Taken:
            args = tuple([get(batch) for get in gets])
            return args, {name: get(batch) for name, get in named}, target(batch)

        return take

    @property
    def roles(self) -> Hashable:
        """Equal for readings of batches that only differ in their shapes."""
        inputs = tuple((item.label, item.parameter) for item in (*self.args, *self.named))
        target = None if self.target is None else self.target.label
        return inputs, target, len(self.unused)

    def describe(self, batch: Batch) -> str:
        """Each item of a batch, and what it is taken for, in words."""
        target = self.target if self.scored else None
        parts = []
        for item in (*self.args, *self.named):
            role = item.parameter or "input"
            if target is not None and item.get is target.get:
                role = f"{role} and target"
                target = None
            parts.append(f"{_words(item, batch)} → {role}")
        if target is not None:
            parts.append(f"{_words(target, batch)} → target")
        for item in self.unused:
            parts.append(f"{_words(item, batch)} left over (not used)")
        return ", ".join(parts)

    def first_input(self, batch: Batch) -> torch.Tensor | None:
        """The first tensor among the inputs of a batch."""
        for item in (*self.args, *self.named):
            tensor = _tensor_in(item.get(batch))
            if tensor is not None:
                return tensor
        return None


def whole() -> Item:
    """The batch itself."""
    return Item(_itself)


def at(index: int) -> Item:
    """An item of a sequence."""
    return Item(itemgetter(index))


def under(key: Any) -> Item:
    """A value of a mapping."""
    return Item(itemgetter(key), str(key))


def attribute(name: str) -> Item:
    """An attribute of an object."""
    return Item(attrgetter(name), name)


def inside(outer: Item, inner: Item) -> Item:
    """A part of a part."""
    get_outer, get_inner = outer.get, inner.get
    return Item(lambda batch: get_inner(get_outer(batch)), inner.label)


def length_of(batch: Batch) -> int | None:
    """How many items a sequence or mapping has: another number is another structure."""
    if is_sequence(batch) or isinstance(batch, Mapping):
        return len(batch)
    return None


def _words(item: Item, batch: Batch) -> str:
    words = kind_of(item.get(batch))
    return f"{item.label} {words}" if item.label else words


def _one_input(get_input: Get, get_target: Get) -> Callable[[Batch], Taken]:
    no_names: dict[str, Any] = {}

    def take(batch: Batch) -> Taken:
        return (get_input(batch),), no_names, get_target(batch)

    return take


def _tensor_in(value: Any) -> torch.Tensor | None:
    """A tensor, or the input among the parts of a mapping, sequence or object."""
    if isinstance(value, torch.Tensor):
        return value
    if is_sequence(value):
        return next((part for part in value if isinstance(part, torch.Tensor)), None)
    if isinstance(value, Mapping):
        parts = dict(value)
    else:
        parts = {key: getattr(value, key, None) for key in INPUT_KEYS}
    others = [key for key in parts if key not in TARGET_KEYS]
    for key in (*INPUT_KEYS, *others):
        part = parts.get(key)
        if isinstance(part, torch.Tensor):
            return part
    return None


def _itself(batch: Batch) -> Batch:
    return batch


def _nothing(batch: Batch) -> None:
    return None
