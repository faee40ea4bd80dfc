"""How a parameter becomes a Field: one reading of annotations and defaults, for parsed files and live signatures."""

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lrtui.catalog.offers import Field, Kind

_SCALARS: dict[str, Kind] = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "Path": "str",
    "PathLike": "str",
    "Number": "float",
}
_SEQUENCES = {"tuple", "Tuple", "list", "List", "Sequence", "Iterable", "Collection"}

Enums = Mapping[str, tuple[str, ...]]


class Shape(NamedTuple):
    """What an annotation says about a value."""

    kind: Kind = "other"
    optional: bool = False
    choices: tuple[str, ...] = ()
    item: Kind = "float"
    length: int | None = None


class Default(NamedTuple):
    """A default value: plain data, or the text of one that is not; `given` is false for a required parameter."""

    value: Any = None
    text: str = ""
    given: bool = True


def shape_of(annotation: str, enums: Enums) -> Shape:
    """What an annotation, as it is written in a source, says; text that is none says nothing."""
    try:
        node = ast.parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return Shape()
    return _shape(node, enums)


def field(name: str, annotation: str, default: Default, enums: Enums, help_text: str = "") -> Field:
    """The Field of one keyword parameter; what has no annotation is read from its default."""
    shape = shape_of(annotation, enums) if annotation else _shape_of_value(default.value)
    if default.given and default.value is None and not default.text:
        shape = shape._replace(optional=True)
    value = (
        float(default.value)
        if shape.kind == "float" and type(default.value) is int
        else default.value
    )
    return Field(
        name=name,
        kind=shape.kind,
        default=value,
        default_text=default.text,
        required=not default.given,
        optional=shape.optional,
        choices=shape.choices,
        item=shape.item,
        length=shape.length,
        annotation=annotation,
        help=help_text,
    )


def is_plain(value: Any) -> bool:
    """Whether JSON and TOML can carry a value as it is; None stands alone only."""
    return value is None or _is_plain(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(_is_plain(entry) for entry in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(entry) for key, entry in value.items())
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, str)


def _shape(node: ast.expr, enums: Enums) -> Shape:
    """One node of an annotation; unknown names are `other`."""
    if isinstance(node, ast.Constant):
        return _constant(node.value, enums)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right], enums)
    if isinstance(node, ast.Subscript):
        return _subscript(last_name(node.value), node.slice, enums)
    name = last_name(node)
    if name in enums:
        return Shape("choice", choices=enums[name])
    return Shape("tuple") if name in _SEQUENCES else Shape(_SCALARS.get(name, "other"))


def _constant(value: object, enums: Enums) -> Shape:
    if isinstance(value, str):
        return shape_of(value, enums)
    return Shape(optional=value is None)


def _subscript(name: str, inside: ast.expr, enums: Enums) -> Shape:
    entries = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if name == "Optional":
        return _shape(inside, enums)._replace(optional=True)
    if name == "Union":
        return _union(entries, enums)
    if name == "Literal":
        return _literal(entries)
    if name in ("Annotated", "Final") and entries:
        return _shape(entries[0], enums)
    return _sequence(name, entries, enums) if name in _SEQUENCES else Shape()


def _literal(entries: Iterable[ast.expr]) -> Shape:
    values = [
        entry.value if isinstance(entry, ast.Constant) else ast.unparse(entry) for entry in entries
    ]
    choices = tuple(str(value) for value in values if value is not None)
    return Shape("choice", optional=None in values, choices=choices)


def _sequence(name: str, entries: list[ast.expr], enums: Enums) -> Shape:
    ragged = any(isinstance(entry, ast.Constant) and entry.value is ... for entry in entries)
    shapes = [_shape(entry, enums) for entry in entries if not isinstance(entry, ast.Constant)]
    items = {shape.kind for shape in shapes}
    item = items.pop() if len(items) == 1 else "other"
    if item not in ("int", "float", "bool", "str") or any(shape.optional for shape in shapes):
        return Shape()
    fixed = name in ("tuple", "Tuple") and not ragged
    return Shape("tuple", item=item, length=len(entries) if fixed else None)


def _union(members: Iterable[ast.expr], enums: Enums) -> Shape:
    """The one member that a form can ask for; two that differ (`int | tuple[int, int]`) are written as TOML."""
    shapes = [_shape(member, enums) for member in members]
    optional = any(shape.optional for shape in shapes)
    known = [shape for shape in shapes if shape.kind != "other"]
    kinds = {shape.kind for shape in known}
    if kinds == {"int", "float"}:
        return Shape("float", optional=optional)
    if len(kinds) != 1:
        return Shape(optional=optional)
    return known[0]._replace(optional=optional)


def _shape_of_value(value: object) -> Shape:
    """What a default says about a parameter that has no annotation."""
    for kind, of in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if isinstance(value, of):
            return Shape(_SCALARS[kind])
    if isinstance(value, list | tuple) and value:
        items = {_shape_of_value(entry).kind for entry in value}
        item = "float" if items == {"int", "float"} else items.pop() if len(items) == 1 else "other"
        return Shape("tuple", item=item) if item in ("int", "float", "bool", "str") else Shape()
    return Shape()


def last_name(node: ast.expr) -> str:
    """`Module` for `torch.nn.Module`, "" for what is not a name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript | ast.Call):
        return last_name(node.value if isinstance(node, ast.Subscript) else node.func)
    return node.id if isinstance(node, ast.Name) else ""
