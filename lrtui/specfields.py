"""Dotted paths into a RunSpec, such as `range.num_iter`.

For each: its declaration, its value in a spec, and a copy of the spec with another value.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from lrtui.settings import Declaration, declarations
from lrtui.spec import (
    CHOICES,
    SECTIONS,
    Choice,
    DevicesSpec,
    LoaderSpec,
    PlanSpec,
    RangeSpec,
    RunSpec,
    SpecError,
)

Section = TypeVar("Section", bound=msgspec.Struct)

_TYPES: Mapping[str, type[msgspec.Struct]] = {
    **dict.fromkeys(CHOICES, Choice),
    "range": RangeSpec,
    "loader": LoaderSpec,
    "plan": PlanSpec,
    "devices": DevicesSpec,
}
FLAGS = {  # a parameter of the command → the field that it sets
    **{role: role for role in CHOICES},
    "start_lr": "range.start_lr",
    "end_lr": "range.end_lr",
    "num_iter": "range.num_iter",
    "mode": "range.mode",
    "schedule": "plan.schedule",
    "steps": "plan.steps",
    "epochs": "plan.epochs",
    "warmup_steps": "plan.warmup",
    "batch_size": "loader.batch_size",
    "val": "range.val",
    "accumulate": "range.accumulation_steps",
    "precision": "precision",
    "device": "device",
    "snapshot": "snapshot",
    "init_device": "init_device",
    "nproc": "devices.nproc",
    "shard": "devices.shard",
    "nnodes": "devices.nnodes",
    "node_rank": "devices.node_rank",
    "rdzv_endpoint": "devices.rdzv_endpoint",
    "repeats": "range.repeats",
    "max_seconds": "range.max_seconds",
    "seed": "seed",
}
_TYPE_NAMES = {
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text",
    "`bool`": "true or false",
}


def setting_paths() -> list[str]:
    """The paths of all settings (all fields except the choices), in the order of the spec."""
    paths: list[str] = []
    for name in RunSpec.__struct_fields__:
        if name in SECTIONS:
            paths += [f"{name}.{field}" for field in _TYPES[name].__struct_fields__]
        elif name not in CHOICES:
            paths.append(name)
    return paths


def declaration_of(path: str) -> Declaration:
    """The declaration of a setting or a choice; KeyError where there is no such field."""
    section, _, name = path.rpartition(".")
    owner = _TYPES[section] if section else RunSpec
    return declarations(owner)[name]


def value_at(spec: RunSpec, path: str) -> Any:
    """The value of a field; AttributeError where there is no such field."""
    value: Any = spec
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_values(spec: RunSpec, values: Mapping[str, object]) -> RunSpec:
    """A copy of the spec with other values: plain data, checked against the types of the fields.

    Args:
        spec: the spec to start from.
        values: by path; `model.args.width` is an argument, `model` a whole choice.

    Raises:
        SpecError: no such field, or a value of another type. Limits are checked by `problems`.
    """
    for path, value in values.items():
        keys = path.split(".")
        check_path(keys)
        try:
            spec = _replaced(spec, keys, value)
        except msgspec.ValidationError as error:
            raise spec_error(error, path) from None
    return spec


def check_path(keys: Sequence[str]) -> None:
    """Raise SpecError for a path that leads to no field; it names the nearest field."""
    first, *rest = keys
    if first not in RunSpec.__struct_fields__:
        raise _unknown(keys[:1], RunSpec.__struct_fields__)
    if rest and is_section(first):
        fields = _TYPES[first].__struct_fields__
        name, *rest = rest
        if name not in fields:
            raise _unknown(keys[:2], fields)
        if first in CHOICES and name == "args":
            rest = rest[1:]  # the name of an argument
    if rest:
        raise SpecError(f"'{keys[-2]}' has no fields", ".".join(keys))


def table_expected(section: str) -> SpecError:
    """The error for a section that is not a table."""
    fields = ", ".join(_TYPES[section].__struct_fields__)
    return SpecError(f"expected a table [{section}] with {fields}", section)


def is_section(name: str) -> bool:
    """Whether a field of the spec is a table with fields of its own."""
    return name in _TYPES


def spec_error(error: msgspec.ValidationError, path: str = "") -> SpecError:
    """A type error of msgspec in plain words.

    `path` is the field that was converted, "" for a whole spec.
    """
    message, _, place = str(error).partition(" - at `$")
    field = f"{path}{place.rstrip('`')}".lstrip(".")
    if message.startswith("Invalid enum value"):
        choices = ", ".join(declaration_of(field).choices)
        message = message.replace("Invalid enum value", f"expected one of ({choices}), got")
    for name, words in _TYPE_NAMES.items():
        message = message.replace(name, words)
    return SpecError(message.replace("Expected", "expected").replace("`", "'"), field)


def _replaced(section: Section, keys: Sequence[str], value: object) -> Section:
    name, *inner = keys
    if not inner:
        new = msgspec.convert(value, _field_types(type(section))[name])
    elif isinstance(section, Choice):
        new = {**section.args, inner[0]: value}
    else:
        new = _replaced(getattr(section, name), inner, value)
    return msgspec.structs.replace(section, **{name: new})


@cache
def _field_types(section: type[msgspec.Struct]) -> Mapping[str, Any]:
    return get_type_hints(section, include_extras=True)


def _unknown(keys: Sequence[str], fields: Iterable[str]) -> SpecError:
    name, fields = keys[-1], list(fields)
    message = f"unknown field '{name}'"
    near = difflib.get_close_matches(name, fields, 1)
    if near:
        message += f", did you mean '{near[0]}'?"
    else:
        message += f", expected one of {', '.join(fields)}"
    if len(keys) > 1 and keys[0] in CHOICES:
        message += " (arguments belong under args)"
    return SpecError(message, ".".join(keys))
