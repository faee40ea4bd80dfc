"""Batches whose parts have names: mappings, objects, named tuples."""

from collections.abc import Collection, Mapping
from typing import Any

import torch

from lrtui.engine.reading.items import INPUT_KEYS, Item, Reading, attribute, under, whole
from lrtui.engine.reading.scoring import Scoring
from lrtui.engine.reading.signature import TARGET_KEYS, Signature
from lrtui.engine.reading.words import WAY_OUT, BatchError
from lrtui.engine.types import Batch


def of_mapping(
    signature: Signature, batch: Mapping[Any, Any], scoring: Scoring | None
) -> list[Reading]:
    """The possible readings of a mapping, the most likely first."""
    if scoring is None:
        return _with_loss_in_forward(signature, batch)
    target_key = _target_key(signature, batch)
    others = [key for key in batch if key != target_key]
    known = _known(signature, others)
    if signature.any_keyword or (known and _required_names(signature) <= set(known)):
        return [_by_name(signature, batch, others, known, target_key, scoring)]
    if known or signature.count > 1:
        raise BatchError(_missing(signature, batch, known))
    return _of_one_input(signature, batch, others, target_key, scoring)


def of_object(signature: Signature, batch: Batch, scoring: Scoring | None) -> list[Reading]:
    """The possible readings of an object: whole, or its attributes by name."""
    target_name = next((key for key in TARGET_KEYS if hasattr(batch, key)), None)
    target = whole() if target_name is None else attribute(target_name)
    if target_name is None and scoring is not None and scoring.from_torch:
        name = type(batch).__name__
        raise BatchError(
            f"the batch has no target for {scoring.name}: a {name} has none of "
            f"{', '.join(TARGET_KEYS)}; {WAY_OUT}"
        )
    names = _required_names(signature) - {target_name if scoring is not None else None}
    readings = []
    item = whole().to(signature.slot(0).name)
    if signature.count == 1:
        readings.append(Reading((Item(target.get) if target_name is None else item,), (), target))
    if names and all(hasattr(batch, name) for name in names):
        named = tuple(attribute(slot.name).to(slot.name) for slot in signature.required)
        readings.append(Reading((), named, target))
    if not readings:
        raise BatchError(_missing(signature, vars(batch), []))
    return readings


def of_named_tuple(signature: Signature, batch: Any, scoring: Scoring | None) -> Reading | None:
    """The reading of a named tuple whose fields are the forward's parameters; None for another."""
    names = batch._fields
    if not _required_names(signature) or not _required_names(signature) <= set(names):
        return None
    required = tuple(attribute(slot.name).to(slot.name) for slot in signature.required)
    others = [name for name in names if name not in _required_names(signature)]
    target_name = next((key for key in TARGET_KEYS if key in others), None)
    if scoring is not None and target_name is None:
        tensors = [name for name in others if isinstance(getattr(batch, name), torch.Tensor)]
        if len(tensors) != 1:
            return None
        target_name = tensors[0]
    options = []
    for slot in signature.options:
        is_target = scoring is not None and slot.name == target_name
        if slot.name in others and not is_target:
            options.append(attribute(slot.name).to(slot.name))
    taken = {item.label for item in options} | {target_name}
    unused = tuple(attribute(name) for name in others if name not in taken)
    target = None if target_name is None else attribute(target_name)
    return Reading((), (*required, *options), target, unused)


def _with_loss_in_forward(signature: Signature, batch: Mapping[Any, Any]) -> list[Reading]:
    target_key = next((key for key in TARGET_KEYS if key in batch), None)
    target = None if target_key is None else under(target_key)
    known = list(batch) if signature.any_keyword else _known(signature, batch)
    if known:
        if not signature.any_keyword and not _required_names(signature) <= set(known):
            raise BatchError(_missing(signature, batch, known))
        named = tuple(_for_key(key, target) for key in known)
        unused = tuple(under(key) for key in batch if key not in known and key != target_key)
        return [Reading((), named, target, unused)]
    if signature.count > 1:
        raise BatchError(_missing(signature, batch, known))
    others = [key for key in batch if key != target_key]
    return _whole_or_one(signature, batch, others, target, _input_key(batch, others))


def _for_key(key: Any, target: Item | None) -> Item:
    """The item of a key for the parameter of that name; the target's own where it is that."""
    item = target if target is not None and target.label == str(key) else under(key)
    return item.to(str(key))


def _by_name(
    signature: Signature,
    batch: Mapping[Any, Any],
    others: list[Any],
    known: list[Any],
    target_key: Any,
    scoring: Scoring,
) -> Reading:
    """The keys that are parameters by name, and the target under a key of its own."""
    given = others if signature.any_keyword else known
    if target_key is None:
        left = [key for key in others if key not in given]
        target_key = _unnamed_target(batch, left, given, scoring)
    target = under(target_key)
    named = tuple(_for_key(key, target) for key in given)
    unused = tuple(under(key) for key in others if key not in given and key != target_key)
    return Reading((), named, target, unused)


def _of_one_input(
    signature: Signature,
    batch: Mapping[Any, Any],
    others: list[Any],
    target_key: Any,
    scoring: Scoring,
) -> list[Reading]:
    """The readings of a mapping none of whose keys is a parameter: whole, or one tensor of it."""
    input_key = _input_key(batch, others)
    if target_key is None:
        left = [key for key in others if key != input_key]
        given = [] if input_key is None else [input_key]
        target_key = _unnamed_target(batch, left, given, scoring)
    return _whole_or_one(signature, batch, others, under(target_key), input_key)


def _whole_or_one(
    signature: Signature,
    batch: Mapping[Any, Any],
    others: list[Any],
    target: Item | None,
    input_key: Any,
) -> list[Reading]:
    slot = signature.slot(0)
    as_whole = Reading((whole().to(slot.name),), (), target)
    if input_key is None:
        return [as_whole]
    one = under(input_key)
    if target is not None and target.label == one.label:
        one = target
    unused = []
    for key in others:
        if str(key) != one.label and (target is None or str(key) != target.label):
            unused.append(under(key))
    single = Reading((one.to(slot.name),), (), target, tuple(unused))
    if slot.takes_container:
        return [as_whole, single]
    return [single, as_whole]


def _target_key(signature: Signature, batch: Collection[Any]) -> str | None:
    """The key of the target: one of the usual names that the forward does not require."""
    required = _required_names(signature)
    return next((key for key in TARGET_KEYS if key in batch and key not in required), None)


def _input_key(batch: Mapping[Any, Any], keys: list[Any]) -> Any:
    """The only tensor, or the one with the usual name of an input; None where neither is so."""
    tensors = [key for key in keys if isinstance(batch[key], torch.Tensor)]
    if len(tensors) == 1:
        return tensors[0]
    return next((key for key in INPUT_KEYS if key in tensors), None)


def _unnamed_target(
    batch: Mapping[Any, Any], left: list[Any], given: list[Any], scoring: Scoring
) -> Any:
    """The key of a target that has another name than the usual ones.

    It is the only tensor that is left; without one, the only input (a reconstruction).

    Raises:
        BatchError: there are several, or none.
    """
    tensors = [key for key in left if isinstance(batch[key], torch.Tensor)]
    if len(tensors) == 1:
        return tensors[0]
    can_reconstruct = len(given) == 1 and not scoring.classes
    if not left and can_reconstruct and isinstance(batch[given[0]], torch.Tensor):
        return given[0]
    raise BatchError(
        "a criterion was given, but the batch has no target: its keys are "
        f"{', '.join(map(str, batch))}; expected one of {', '.join(TARGET_KEYS)}, "
        "or no criterion if the model returns its loss; or name it, such as "
        f'batch="{next(iter(map(str, batch)), "x")}→inputs,KEY→target", or give a step'
    )


def _known(signature: Signature, keys: Collection[Any]) -> list[Any]:
    """The keys that the forward has parameters for."""
    return [key for key in keys if key in signature.names]


def _required_names(signature: Signature) -> set[str]:
    return {slot.name for slot in signature.required if slot.name}


def _missing(signature: Signature, batch: Collection[Any], known: Collection[Any]) -> str:
    missing = [slot.name for slot in signature.required if slot.name not in known]
    return (
        f"the forward requires {', '.join(missing)}, and the batch has no such key: its keys are "
        f"{', '.join(map(str, batch))}; say which is which with "
        f'batch="KEY→{missing[0]},KEY→target", or give a step'
    )
