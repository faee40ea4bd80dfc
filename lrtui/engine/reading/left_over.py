"""Items after the inputs: which is the target, and which go to optional inputs of the forward.

Names and values of one batch only decide against an assignment: where two remain, the batch is
refused.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import torch

from lrtui.engine.reading.scoring import Scoring
from lrtui.engine.reading.signature import Slot
from lrtui.engine.reading.words import WAY_OUT, BatchError, kind_of

_SHAPED = ("mask", "len", "weight", "position", "segment", "type_id", "meta", "info")


class Assignment(NamedTuple):
    """The index of the target, and the index of the item that each optional input gets."""

    target: int
    options: dict[str, int]


class _Filling(NamedTuple):
    """Items for optional inputs."""

    options: dict[str, int]

    @property
    def items(self) -> tuple[int, ...]:
        return tuple(self.options.values())

    @property
    def by_name(self) -> bool:
        """Whether each name says what its value must be."""
        return all(any(word in name for word in _SHAPED) for name in self.options)


def assign(
    values: Sequence[Any], options: Sequence[Slot], first_input: Any, scoring: Scoring
) -> Assignment:
    """Which of the items after the inputs is the target, and which an optional input.

    Raises:
        BatchError: none can be the target, or several assignments are possible.
    """
    if len(values) == 1:
        if not may_be_target(values[0], scoring):
            raise BatchError(f"{_no_target(values, scoring)}; {WAY_OUT}")
        return Assignment(0, {})
    fillings = []
    for filling in _fillings(values, options, first_input):
        if _target_beside(values, filling, scoring) is not None:
            fillings.append(filling)
    if not fillings:
        raise BatchError(f"{_no_target(values, scoring)}; {WAY_OUT}")
    most = max(len(filling.options) for filling in fillings)
    best = [filling for filling in fillings if len(filling.options) == most]
    if len({filling.items for filling in best}) > 1 or not best[0].by_name:
        raise BatchError(_ambiguous(values, options))
    target = _target_beside(values, best[0], scoring)
    assert target is not None
    return Assignment(target, best[0].options)


def given_without_target(
    values: Sequence[Any], options: Sequence[Slot], first_input: Any
) -> dict[str, int]:
    """The optional inputs that get an item where the model returns its loss, without a target.

    Raises:
        BatchError: several items can be what a parameter's name says.
    """
    by_name = []
    for filling in _fillings(values, options, first_input):
        if filling.options and filling.by_name:
            by_name.append(filling)
    if not by_name:
        return {}
    most = max(len(filling.options) for filling in by_name)
    best = [filling for filling in by_name if len(filling.options) == most]
    if len({filling.items for filling in best}) > 1:
        raise BatchError(_ambiguous(values, options))
    return best[0].options


def may_be_target(value: Any, scoring: Scoring) -> bool:
    """Whether an item can be what a criterion compares with the output."""
    if isinstance(value, torch.Tensor):
        return True
    if scoring.from_torch or value is None or isinstance(value, str):
        return False
    is_list_of_texts = isinstance(value, list | tuple) and any(
        isinstance(item, str) for item in value
    )
    return not is_list_of_texts


def _fillings(values: Sequence[Any], options: Sequence[Slot], first_input: Any) -> list[_Filling]:
    """The ways to give items to optional inputs in their order, none included."""
    fillings = []
    for count in range(min(len(values), len(options)) + 1):
        for items in combinations(range(len(values)), count):
            for slots in combinations(options, count):
                pairs = list(zip(slots, items, strict=True))
                if all(_may_be(slot.name, values[item], first_input) for slot, item in pairs):
                    fillings.append(_Filling({slot.name: item for slot, item in pairs}))
    return fillings


def _may_be(name: str, value: Any, first_input: Any) -> bool:
    """Whether a value can be what the name of an optional input says."""
    if not isinstance(value, torch.Tensor):
        takes_mapping = not any(word in name for word in _SHAPED[:-2])
        return takes_mapping and isinstance(value, Mapping)
    if "meta" in name or "info" in name:
        return False
    if not _has_batch_of(value, first_input):
        return False
    if "mask" in name:
        return value.dim() > 1 and _is_mask(value)
    if "len" in name:
        return _are_lengths(value, first_input)
    if "weight" in name:
        return value.is_floating_point()
    if any(word in name for word in ("position", "segment", "type_id")):
        return value.dim() > 1 and not value.is_floating_point()
    return True


def _has_batch_of(value: torch.Tensor, first_input: Any) -> bool:
    if not isinstance(first_input, torch.Tensor) or not first_input.dim():
        return True
    return value.dim() > 0 and len(value) in first_input.shape[:2]


def _is_mask(value: torch.Tensor) -> bool:
    """Bool, only 0 and 1, or what is added to scores: 0 and minus infinity."""
    if value.dtype == torch.bool:
        return True
    return bool(((value == 0) | (value == 1)).all()) or bool(
        ((value == 0) | (value == float("-inf"))).all()
    )


def _are_lengths(value: torch.Tensor, first_input: Any) -> bool:
    if value.dim() != 1 or value.is_floating_point() or value.dtype == torch.bool:
        return False
    if not isinstance(first_input, torch.Tensor) or first_input.dim() < 2:
        return True
    longest = max(first_input.shape[:2])
    return int(value.min()) >= 1 and int(value.max()) <= longest


def _target_beside(values: Sequence[Any], filling: _Filling, scoring: Scoring) -> int | None:
    """The first item that is not given to an input and can be the target."""
    free = [index for index in range(len(values)) if index not in filling.items]
    candidates = [index for index in free if may_be_target(values[index], scoring)]
    if not candidates:
        return None
    if not scoring.from_torch:
        # a mapping may be the target of a user's criterion, or meta data
        is_unclear = len(candidates) > 1 and isinstance(values[candidates[0]], Mapping)
        return None if is_unclear else candidates[0]
    fitting = [index for index in candidates if _has_type_of_target(values[index], scoring)]
    if fitting:
        return fitting[0]
    # probabilities of classes are floats, but never beside an item that is given away
    return None if scoring.classes and filling.options else candidates[0]


def _has_type_of_target(value: torch.Tensor, scoring: Scoring) -> bool:
    if scoring.classes:
        return not value.is_floating_point() and not value.is_complex()
    if scoring.elementwise:
        return value.is_floating_point()
    return True


def _no_target(values: Sequence[Any], scoring: Scoring) -> str:
    items = ", ".join(map(kind_of, values))
    return f"the batch has no target for {scoring.name}: after the inputs it has {items}"


def _ambiguous(values: Sequence[Any], options: Sequence[Slot]) -> str:
    items = ", ".join(map(kind_of, values))
    names = ", ".join(slot.name for slot in options)
    count = len(values)
    example = ",".join(("inputs", *[slot.name for slot in options][: count - 1], "target"))
    return (
        f"after the inputs the batch has {count} items ({items}), and the forward also takes "
        f'{names}: say which is which, such as batch="{example}", or give a step'
    )
