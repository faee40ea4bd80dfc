"""What the user says that each item of a batch is: `inputs,mask→mask,target`.

One entry for each item of a sequence, in its order; for a mapping or an object each entry begins
with a key or an attribute, and what is not named is not used. After an arrow (→ or ->) comes what
the item is: `inputs` (the next positional argument), `target`, a parameter of the forward, or `_`
(not used). Without an arrow the item's own name says it.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.items import Item, Reading, at, attribute, inside, under, whole
from lrtui.engine.reading.scoring import Scoring
from lrtui.engine.reading.signature import TARGET_KEYS, Signature
from lrtui.engine.reading.words import BatchError, kind_of
from lrtui.engine.types import Batch

_INPUTS = ("inputs", "input")
_UNUSED = "_"


class _Entry(NamedTuple):
    """One entry: the item's name, and its role, "" where only the name is given."""

    name: str
    role: str


def overruled(signature: Signature, batch: Batch, scoring: Scoring | None, text: str) -> Reading:
    """The reading that the user's entries say.

    Raises:
        BatchError: an entry that fits neither the batch nor the forward.
    """
    entries = _entries(text)
    sequence = is_sequence(batch)
    if sequence and len(entries) != len(batch):
        items = ", ".join(map(kind_of, batch))
        raise _error(text, f"{len(entries)} entries for a batch of {len(batch)} items ({items})")
    args: list[Item] = []
    named: list[Item] = []
    unused: list[Item] = []
    target: Item | None = None
    for index, entry in enumerate(entries):
        item = at(index) if sequence else _item(batch, entry.name, text)
        role = _role(entry, signature, text, is_named=not sequence, in_forward=scoring is None)
        if role == _UNUSED:
            unused.append(item)
        elif role == "target":
            if target is not None:
                raise _error(text, "two targets")
            target = item
        elif role == "inputs":
            args += _unpacked(signature, item, batch)
        else:
            named.append(item.to(role))
    args = [item.to(signature.slot(index).name) for index, item in enumerate(args)]
    _check(signature, args, named, target, scoring, text)
    if target is None and scoring is None:
        target = (*args, *named)[-1] if args or named else None
    return Reading(tuple(args), tuple(named), target, tuple(unused))


def entries_problem(text: str) -> str:
    """What is wrong with entries whatever the batch is; "" where nothing is."""
    for part in text.replace("->", "→").split(","):
        name, arrow, role = (word.strip() for word in part.partition("→"))
        if not name or (arrow and not role):
            return "an entry is a name, or name→role: such as inputs,mask→mask,target"
    return ""


def _entries(text: str) -> list[_Entry]:
    problem = entries_problem(text)
    if problem:
        raise _error(text, problem)
    entries = []
    for part in text.replace("->", "→").split(","):
        name, _, role = (word.strip() for word in part.partition("→"))
        entries.append(_Entry(name, role))
    return entries


def _role(
    entry: _Entry, signature: Signature, text: str, *, is_named: bool, in_forward: bool
) -> str:
    """What an entry's item is: inputs, target, _ or a parameter."""
    word = entry.role or entry.name
    is_target = word == "target" and not in_forward
    if word in signature.names and word not in _INPUTS and not is_target:
        return word
    if word in _INPUTS:
        return "inputs"
    if word == _UNUSED or word == "target":
        return word
    if signature.any_keyword and entry.role:
        return word
    if not entry.role and word in TARGET_KEYS:
        return "target"
    if not entry.role and is_named:
        return "inputs"
    known = ("inputs", "target", _UNUSED, *sorted(signature.names))
    near = get_close_matches(word, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
    raise _error(text, f"{word} is no parameter of the forward: {hint}")


def _item(batch: Batch, name: str, text: str) -> Item:
    """The part of a mapping or an object of that name; `*` is the whole."""
    if name == "*" or (not isinstance(batch, Mapping) and name in _INPUTS):
        return whole()
    if isinstance(batch, Mapping):
        for key in batch:
            if str(key) == name:
                return under(key)
        raise _error(text, f"the batch has no key {name}: {_near(name, list(map(str, batch)))}")
    if hasattr(batch, name):
        return attribute(name)
    raise _error(text, f"the batch ({kind_of(batch)}) has no attribute {name}")


def _near(name: str, keys: Collection[str]) -> str:
    near = get_close_matches(name, keys, n=1)
    return f"did you mean {near[0]}?" if near else f"its keys are {', '.join(keys)}"


def _unpacked(signature: Signature, item: Item, batch: Batch) -> list[Item]:
    """Several inputs that one item packs; else the item."""
    value: Any = item.get(batch)
    if is_sequence(value) and signature.count > 1 and len(value) == signature.count:
        return [inside(item, at(index)) for index in range(len(value))]
    return [item]


def _check(
    signature: Signature,
    args: list[Item],
    named: list[Item],
    target: Item | None,
    scoring: Scoring | None,
    text: str,
) -> None:
    parameters = [item.parameter for item in (*args, *named) if item.parameter]
    for name in parameters:
        if parameters.count(name) > 1:
            raise _error(text, f"the parameter {name} gets two items")
    if scoring is not None and target is None:
        raise _error(text, f"no entry is the target, which {scoring.name} needs")
    required = [slot.name for slot in signature.required if slot.name]
    missing = [name for name in required if name not in parameters]
    if missing:
        raise _error(text, f"no entry for {missing[0]}, which the forward requires")
    if not args and not named:
        raise _error(text, "no entry is an input")


def _error(text: str, problem: str) -> BatchError:
    return BatchError(f'batch="{text}": {problem}')
