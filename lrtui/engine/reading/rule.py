"""The rule by which a batch is read: see the table of this package."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading import left_over
from lrtui.engine.reading.items import Item, Reading, at, inside, under, whole
from lrtui.engine.reading.named import of_mapping, of_named_tuple, of_object
from lrtui.engine.reading.overruled import overruled
from lrtui.engine.reading.scoring import AUTO, Scoring
from lrtui.engine.reading.signature import Signature
from lrtui.engine.reading.words import WAY_OUT, BatchError, kind_of, summary
from lrtui.engine.types import Batch


def read(
    signature: Signature,
    batch: Batch,
    scoring: Scoring | None,
    *,
    names: str = "",
    split: bool = False,
) -> list[Reading]:
    """The possible readings of a batch, the most likely first; almost always there is one.

    Args:
        signature: of the model's forward.
        batch: as the loader yields it.
        scoring: what is known of the criterion; None where the model returns its loss.
        names: what the user says that each item is; "" where the rule decides.
        split: the batch is (inputs, target) of a `DataLoaderIter`.

    Raises:
        BatchError: the batch has no target, or more than one reading without a way to decide.
    """
    readings = _readings(signature, batch, scoring, names, split)
    if scoring is not None:
        return readings
    return [replace(reading, scored=False) for reading in readings]


def _readings(
    signature: Signature, batch: Batch, scoring: Scoring | None, names: str, split: bool
) -> list[Reading]:
    if names:
        return [overruled(signature, batch, scoring, names)]
    if split:
        return _of_split(signature, batch)
    if isinstance(batch, torch.Tensor):
        return [_reconstruction(signature, batch, whole(), scoring)]
    if is_sequence(batch):
        return _of_sequence(signature, batch, scoring)
    if isinstance(batch, Mapping):
        return of_mapping(signature, batch, scoring)
    return of_object(signature, batch, scoring)


def _reconstruction(
    signature: Signature, value: Any, item: Item, scoring: Scoring | None
) -> Reading:
    """The reading of an input alone: it is the target too."""
    if scoring is not None and not _can_be_reconstructed(value, scoring):
        raise BatchError(
            f"a batch of 1 has no target for {scoring.name}: it is {kind_of(value)}; {WAY_OUT}"
        )
    return Reading((item.to(signature.slot(0).name),), (), item)


def _can_be_reconstructed(value: Any, scoring: Scoring) -> bool:
    if not isinstance(value, torch.Tensor):
        return not scoring.from_torch
    return not (scoring.classes and value.is_floating_point())


def _of_split(signature: Signature, batch: Batch) -> list[Reading]:
    """(inputs, target): the inputs are unpacked as elsewhere."""
    packed = _packed(signature, batch, at(0))
    if packed is not None and signature.count > 1:
        return [Reading(packed.args, packed.named, at(1), packed.unused)]
    if packed is not None and packed.named:
        return [Reading((), packed.named, at(1), packed.unused)]
    return [Reading((at(0).to(signature.slot(0).name),), (), at(1))]


def _of_sequence(
    signature: Signature, batch: Sequence[Any], scoring: Scoring | None
) -> list[Reading]:
    if not batch:
        raise BatchError(f"the batch is empty: {summary(batch)}")
    if hasattr(batch, "_fields"):
        by_name = of_named_tuple(signature, batch, scoring)
        if by_name is not None:
            return [by_name]
    readings: list[Reading] = []
    problems: list[BatchError] = []
    for inputs, used in _ways_to_take_inputs(signature, batch, scoring):
        try:
            readings.append(_with_rest(signature, batch, inputs, used, scoring))
        except BatchError as error:
            problems.append(error)
    if not readings:
        raise problems[0]
    return readings


def _ways_to_take_inputs(
    signature: Signature, batch: Sequence[Any], scoring: Scoring | None
) -> list[tuple[Reading, int]]:
    """The readings of the inputs alone, each with the number of items that it takes."""
    count = signature.count
    reserved = 0 if scoring is None or len(batch) == 1 else 1
    if scoring is None and signature.any_positional:
        return [(Reading(_positional(signature, range(len(batch)))), len(batch))]
    plain = None
    if count <= len(batch) - reserved:
        plain = _first_items(signature, count)
    packed = _packed(signature, batch, at(0))
    if packed is None and plain is None and scoring is None:
        packed = _flattened(signature, batch)
        if packed is not None:
            return [(packed, len(batch))]
    if packed is None:
        if plain is None:
            raise BatchError(_too_few(signature, batch, scoring))
        return [(plain, count)]
    if plain is None or isinstance(batch[0], Mapping):
        return [(packed, 1)]
    # one input in a list of one, or one that the forward takes as a list: tried in this order
    if count == 1:
        return [(plain, 1), (packed, 1)]
    return [(packed, 1), (plain, count)]


def _first_items(signature: Signature, count: int) -> Reading:
    """The first items of a batch for the required parameters."""
    args: list[Item] = []
    named: list[Item] = []
    for index in range(count):
        slot = signature.slot(index)
        item = at(index).to(slot.name)
        (args if slot.positional else named).append(item)
    return Reading(tuple(args), tuple(named))


def _positional(signature: Signature, indices: Sequence[int]) -> tuple[Item, ...]:
    return tuple(at(index).to(signature.slot(index).name) for index in indices)


def _packed(signature: Signature, batch: Sequence[Any], outer: Item) -> Reading | None:
    """The inputs that the first item packs: a mapping, or as many as the forward requires."""
    first = batch[0]
    if isinstance(first, Mapping):
        return _packed_by_name(signature, first, outer)
    if not is_sequence(first):
        return None
    count, options = signature.count, len(signature.input_options)
    fits = len(first) == count
    fits_with_options = count <= len(first) <= count + options and count > len(batch) - 1
    if signature.any_positional or not (fits or fits_with_options):
        return None
    args: list[Item] = []
    named: list[Item] = []
    slots = (*(signature.slot(index) for index in range(count)), *signature.input_options)
    for index, slot in zip(range(len(first)), slots, strict=False):
        item = inside(outer, at(index)).to(slot.name)
        (args if slot.positional and index < count else named).append(item)
    return Reading(tuple(args), tuple(named))


def _packed_by_name(signature: Signature, first: Mapping[Any, Any], outer: Item) -> Reading | None:
    known = [key for key in first if signature.any_keyword or key in signature.names]
    required = {slot.name for slot in signature.required if slot.name}
    if not known or not required <= set(known):
        return None
    named = tuple(inside(outer, under(key)).to(str(key)) for key in known)
    unused = tuple(inside(outer, under(key)) for key in first if key not in known)
    return Reading((), named, None, unused)


def _flattened(signature: Signature, batch: Sequence[Any]) -> Reading | None:
    """((a, b), y) for a forward that takes all three and returns its loss."""
    items: list[Item] = []
    for index, part in enumerate(batch):
        if is_sequence(part):
            items += [inside(at(index), at(inner)) for inner in range(len(part))]
        else:
            items.append(at(index))
    if len(items) != signature.count:
        return None
    slots = signature.required
    return Reading(tuple(item.to(slot.name) for item, slot in zip(items, slots, strict=True)))


def _with_rest(
    signature: Signature,
    batch: Sequence[Any],
    inputs: Reading,
    used: int,
    scoring: Scoring | None,
) -> Reading:
    """The reading of a sequence whose inputs are known: what comes after them."""
    rest = range(used, len(batch))
    values = [batch[index] for index in rest]
    first_input = inputs.first_input(batch)
    if scoring is None:
        return _with_loss_in_forward(signature, batch, inputs, rest)
    if not values:
        item = (*inputs.args, *inputs.named)[0]
        alone = _reconstruction(signature, item.get(batch), item, scoring)
        return Reading(inputs.args, inputs.named, alone.target, inputs.unused)
    assignment = left_over.assign(values, signature.input_options, first_input, scoring)
    target = at(used + assignment.target)
    options = tuple(at(used + index).to(name) for name, index in assignment.options.items())
    taken = {assignment.target, *assignment.options.values()}
    unused = tuple(at(used + index) for index in range(len(values)) if index not in taken)
    return Reading(inputs.args, (*inputs.named, *options), target, (*inputs.unused, *unused))


def _with_loss_in_forward(
    signature: Signature, batch: Sequence[Any], inputs: Reading, rest: range
) -> Reading:
    """Items after the required inputs of a forward that returns its loss."""
    values = [batch[index] for index in rest]
    target_slot = signature.target_option
    given: dict[str, int] = {}
    target: Item | None = None
    first_input = inputs.first_input(batch)
    if target_slot is not None and values:
        loose = Scoring()  # a target of any kind
        assignment = left_over.assign(values, signature.input_options, first_input, loose)
        given = assignment.options | {target_slot.name: assignment.target}
    else:
        given = left_over.given_without_target(values, signature.input_options, first_input)
    options = tuple(at(rest[index]).to(name) for name, index in given.items())
    unused = tuple(at(index) for index in rest if index - rest.start not in given.values())
    if target_slot is not None and options:
        target = options[-1]
    elif unused:
        target = unused[0]
    elif inputs.args:
        target = inputs.args[-1]
    return Reading(inputs.args, (*inputs.named, *options), target, (*inputs.unused, *unused))


def _too_few(signature: Signature, batch: Sequence[Any], scoring: Scoring | None) -> str:
    names = ", ".join(slot.name for slot in signature.required)
    items = f"a batch of {len(batch)} ({', '.join(map(kind_of, batch))})"
    if scoring is None:
        return f"the forward requires {names}, and {items} has too few items; {WAY_OUT}"
    return (
        f"{items} has no target for {scoring.name}: the forward requires {names}, and the target "
        f"comes after them; {WAY_OUT}"
    )


def read_loosely(
    signature: Signature, batch: Batch, *, names: str = "", split: bool = False
) -> Reading | None:
    """The most likely reading for a criterion that is not known yet; None where there is none."""
    for scoring in (AUTO, None):
        try:
            return read(signature, batch, scoring, names=names, split=split)[0]
        except BatchError:
            continue
    return None
