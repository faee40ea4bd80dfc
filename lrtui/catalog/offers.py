"""Offer and Field: something that can be picked, and what its form asks for. Plain data."""

from typing import Any, Literal, NamedTuple

import msgspec

Kind = Literal["int", "float", "bool", "str", "choice", "tuple", "other"]
Role = Literal["model", "data", "optimizer", "loss", "metric", "step"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One keyword parameter. A value of kind `other` has no widget: it is written as TOML."""

    name: str
    kind: Kind
    default: Any = None
    default_text: str = ""  # source of a default that is not plain data: `nn.ReLU`, `inf`
    required: bool = False
    optional: bool = False  # None is allowed, written "none"
    choices: tuple[str, ...] = ()
    item: Kind = "float"  # kind of a tuple's entries
    length: int | None = None  # of a tuple; None: any
    annotation: str = ""
    help: str = ""


class Signature(NamedTuple):
    """The fields of a callable, and whether it takes `**kwargs` as well."""

    fields: tuple[Field, ...]
    more: bool


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One callable: its target `where:what`, its docstring, its fields."""

    target: str
    summary: str = ""  # first line of the docstring
    doc: str = ""
    fields: tuple[Field, ...] = ()
    kind: Literal["class", "function"] = "function"
    more: bool = False  # it takes **kwargs: arguments beyond its fields cannot be checked
