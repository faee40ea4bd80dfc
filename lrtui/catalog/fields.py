"""From a parameter to a Field: annotations and defaults become kinds, choices and lengths.

Parsed files and live signatures are read by the same functions.
"""

import ast
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lrtui.catalog.offers import Field, Kind
from lrtui.catalog.parsing import parse

_SCALARS: dict[str, Kind] = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "Path": "str",
    "PathLike": "str",
    "Number": "float",
}
_SCALAR_TYPES: tuple[tuple[type, Kind], ...] = (
    (bool, "bool"),  # before int: a bool is an int
    (int, "int"),
    (float, "float"),
    (str, "str"),
)
_ITEMS = ("int", "float", "bool", "str")
_TUPLES = ("tuple", "Tuple")
_SEQUENCES = (*_TUPLES, "list", "List", "Sequence", "Iterable", "Collection")

Enums = Mapping[str, tuple[str, ...]]  # the members' names of each Enum class


class Shape(NamedTuple):
    """The kind of value that an annotation describes."""

    kind: Kind = "other"
    optional: bool = False
    choices: tuple[str, ...] = ()
    item: Kind = "float"
    length: int | None = None


class Default(NamedTuple):
    """A default value: plain data, or the source text of anything else."""

    value: Any = None
    text: str = ""
    given: bool = True  # false for a required parameter


def make_field(
    name: str, annotation: str, default: Default, enums: Enums, help_text: str = ""
) -> Field:
    """The Field of one keyword parameter; without an annotation its default decides the kind."""
    shape = shape_of(annotation, enums) if annotation else _shape_of_value(default.value)
    defaults_to_none = default.given and default.value is None and not default.text
    value = default.value
    if shape.kind == "float" and type(value) is int:
        value = float(value)
    return Field(
        name=name,
        kind=shape.kind,
        default=value,
        default_text=default.text,
        required=not default.given,
        optional=shape.optional or defaults_to_none,
        choices=shape.choices,
        item=shape.item,
        length=shape.length,
        annotation=annotation,
        help=help_text,
    )


def is_plain(value: object) -> bool:
    """Whether JSON and TOML can carry a value. None is plain only on its own: TOML has no null."""
    return value is None or _is_plain(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        has_text_keys = all(isinstance(key, str) for key in value)
        return has_text_keys and all(map(_is_plain, value.values()))
    return isinstance(value, str)


def last_name(node: ast.expr) -> str:
    """`Module` for `torch.nn.Module`; "" for an expression that is not a name."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Subscript():
            return last_name(node.value)
        case ast.Call():
            return last_name(node.func)
        case _:
            return ""


def shape_of(annotation: str, enums: Enums) -> Shape:
    """The shape that an annotation describes; `other` for one that cannot be parsed."""
    try:
        node = parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return Shape()
    return _shape(node, enums)


def _shape(node: ast.expr, enums: Enums) -> Shape:
    match node:
        case ast.Constant(value=str() as text):  # a forward reference
            return shape_of(text, enums)
        case ast.Constant():
            return Shape(optional=node.value is None)
        case ast.BinOp(op=ast.BitOr()):
            return _union([node.left, node.right], enums)
        case ast.Subscript():
            return _subscript(last_name(node.value), node.slice, enums)
        case _:
            return _named(last_name(node), enums)


def _named(name: str, enums: Enums) -> Shape:
    if name in enums:
        return Shape("choice", choices=enums[name])
    if name in _SEQUENCES:
        return Shape("tuple")
    return Shape(_SCALARS.get(name, "other"))


def _subscript(name: str, inside: ast.expr, enums: Enums) -> Shape:
    """The shape of `name[inside]`."""
    entries = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if name == "Optional":
        return _shape(inside, enums)._replace(optional=True)
    if name == "Union":
        return _union(entries, enums)
    if name == "Literal":
        return _literal(entries)
    if name in ("Annotated", "Final") and entries:
        return _shape(entries[0], enums)
    if name in _SEQUENCES:
        return _sequence(name, entries, enums)
    return Shape()


def _literal(entries: Iterable[ast.expr]) -> Shape:
    choices: list[str] = []
    optional = False
    for entry in entries:
        if not isinstance(entry, ast.Constant):
            choices.append(ast.unparse(entry))
        elif entry.value is None:
            optional = True
        else:
            choices.append(str(entry.value))
    return Shape("choice", optional=optional, choices=tuple(choices))


def _sequence(name: str, entries: Sequence[ast.expr], enums: Enums) -> Shape:
    """A list or tuple whose entries are of one scalar kind; anything else is written as TOML."""
    kinds: set[Kind] = set()
    for entry in entries:
        if isinstance(entry, ast.Constant):
            continue  # the `...` of tuple[int, ...]
        shape = _shape(entry, enums)
        kinds.add("other" if shape.optional else shape.kind)
    item = _common_item(kinds)
    if item is None:
        return Shape()
    last = entries[-1]
    any_length = isinstance(last, ast.Constant) and last.value is ...
    if any_length or name not in _TUPLES:
        return Shape("tuple", item=item)
    return Shape("tuple", item=item, length=len(entries))


def _common_item(kinds: set[Kind]) -> Kind | None:
    """The one scalar kind of all entries, or None."""
    if len(kinds) != 1:
        return None
    kind = next(iter(kinds))
    if kind not in _ITEMS:
        return None
    return kind


def _union(members: Iterable[ast.expr], enums: Enums) -> Shape:
    """The only member that a form has a widget for; a value of several is written as TOML."""
    by_kind: dict[Kind, Shape] = {}
    optional = False
    for member in members:
        shape = _shape(member, enums)
        optional = optional or shape.optional
        if shape.kind != "other":
            by_kind.setdefault(shape.kind, shape)
    if by_kind.keys() == {"int", "float"}:
        return Shape("float", optional=optional)
    if len(by_kind) != 1:
        return Shape(optional=optional)
    only = next(iter(by_kind.values()))
    return only._replace(optional=optional)


def _shape_of_value(value: object) -> Shape:
    """The shape of a parameter without an annotation, from its default."""
    for scalar, kind in _SCALAR_TYPES:
        if isinstance(value, scalar):
            return Shape(kind)
    if isinstance(value, list | tuple):
        return _shape_of_entries(value)
    return Shape()


def _shape_of_entries(entries: Iterable[object]) -> Shape:
    kinds = {_shape_of_value(entry).kind for entry in entries}
    if kinds == {"int", "float"}:
        return Shape("tuple", item="float")
    item = _common_item(kinds)
    if item is None:
        return Shape()
    return Shape("tuple", item=item)
