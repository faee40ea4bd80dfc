"""Offer and Field: a thing that can be picked, and what its form asks for. Plain data: no torch, nothing executed."""

from typing import Any, Literal

import msgspec

Kind = Literal["int", "float", "bool", "str", "choice", "tuple", "other"]
Role = Literal["model", "data", "optimizer", "loss", "metric", "step"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One keyword parameter. `other` is a type that has no widget: its value is written as TOML."""

    name: str
    kind: Kind
    default: Any = None
    default_text: str = ""  # how a default that is not plain data is written: `nn.ReLU`, `inf`; then `default` is None
    required: bool = False
    optional: bool = False  # None is a value too, written "none"
    choices: tuple[str, ...] = ()
    item: Kind = "float"  # of a tuple's entries
    length: int | None = None  # of a tuple; None: any
    annotation: str = ""
    help: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One callable: its target `where:what`, the first line of its docstring, its fields."""

    target: str
    summary: str = ""
    doc: str = ""
    fields: tuple[Field, ...] = ()
    kind: Literal["class", "function"] = "function"
    more: bool = (
        False  # it takes keyword arguments beyond its fields (**kwargs), which cannot be checked
    )
