"""From text to a value and back, for the fields of a form.

Every refusal says what was expected and what was given.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lrtui.catalog import toml
from lrtui.catalog.errors import safe_line
from lrtui.catalog.fields import is_plain
from lrtui.catalog.offers import Field, Kind, Offer
from lrtui.catalog.targets import near
from lrtui.spec import Problem

_TRUE = ("true", "yes", "on", "1", "y")
_FALSE = ("false", "no", "off", "0", "n")
_NONE = ("none", "null")


def parse(field: Field, text: str) -> object:
    """The value that a person typed.

    Raises:
        ValueError: the text does not fit the field; the message says what was expected.
    """
    text = text.strip()
    if field.optional and _means_none(text):
        return None
    if field.kind == "choice":
        return _parse_choice(field, text)
    if field.kind == "tuple":
        return _parse_tuple(field, text)
    return _parse_scalar(field.kind, text)


def show(field: Field, value: object) -> str:
    """A value as a person types it: `parse` returns the same value."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return toml.bare(value)
    if field.kind == "tuple" and isinstance(value, list | tuple):
        return _show_tuple(field, value)
    if field.kind == "other":
        return toml.write(value)
    if field.kind == "str" and isinstance(value, str):
        return _show_text(field, value)
    return toml.bare(value)


def check(offer: Offer, args: Mapping[str, object]) -> list[Problem]:
    """All that is wrong with the arguments for an offer, as problems of its fields."""
    fields = {field.name: field for field in offer.fields}
    problems = []
    for name, value in args.items():
        if name in fields:
            message = wrong(fields[name], value)
        elif offer.more:
            message = ""
        else:
            message = f"there is no such parameter{near(name, list(fields))}"
        if message:
            problems.append(Problem(name, message))
    for name, field in fields.items():
        if field.required and name not in args:
            problems.append(Problem(name, "is required"))
    return problems


def wrong(field: Field, value: object) -> str:
    """Why a value does not fit a field, or "" if it does."""
    if _fits_field(field, value):
        return ""
    return _refusal(field, value)


class _Scalar(NamedTuple):
    """How one scalar kind is named in messages, read from text, and checked."""

    one: str
    many: str
    parse: Callable[[str], object]
    types: tuple[type, ...]


def _parse_int(text: str) -> int:
    """`1_000` and `1e3` are whole numbers too; `3.0` is refused, since it looks like a mistake."""
    try:
        value = int(text, 10)
    except ValueError:
        number = float(text)
        if "e" not in text.lower() or not number.is_integer():
            raise
        value = int(number)
    if not is_plain(value):
        raise ValueError("too large")
    return value


def _parse_float(text: str) -> float:
    value = float(text)
    if not is_plain(value):
        raise ValueError("not finite")
    return value


def _parse_bool(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("neither true nor false")
    return word in _TRUE


def _parse_text(text: str) -> object:
    """Text as it is typed, or as a quoted TOML string."""
    if text.startswith('"'):
        return toml.read(text)
    return text


_SCALARS: dict[Kind, _Scalar] = {
    "int": _Scalar("a whole number", "whole numbers", _parse_int, (int,)),
    "float": _Scalar("a number", "numbers", _parse_float, (int, float)),
    "bool": _Scalar("true or false", "true or false", _parse_bool, (bool,)),
    "str": _Scalar("text", "texts", _parse_text, (str,)),
    "other": _Scalar("a TOML value", "values", toml.read, (object,)),
}


def _means_none(text: str) -> bool:
    return not text or text.lower() in _NONE


def _parse_choice(field: Field, text: str) -> str:
    """The choice of that spelling, or the only one that differs in case alone."""
    if text in field.choices:
        return text
    folded = [choice for choice in field.choices if choice.lower() == text.lower()]
    if len(folded) != 1:
        raise ValueError(_refusal(field, text))
    return folded[0]


def _parse_scalar(kind: Kind, text: str) -> object:
    scalar = _SCALARS[kind]
    try:
        return scalar.parse(text)
    except (ValueError, OverflowError):
        raise ValueError(f"expected {scalar.one}, got {_quoted(text)}") from None


def _parse_tuple(field: Field, text: str) -> tuple[object, ...]:
    if field.item == "str" and text.startswith("["):
        values = _parse_toml_list(field, text)
    else:
        values = [_parse_scalar(field.item, entry) for entry in _entries(text)]
    if not _fits_tuple(field, values):
        raise ValueError(_refusal(field, text))
    return tuple(values)


def _parse_toml_list(field: Field, text: str) -> list[object]:
    try:
        values: list[object] = toml.read(text)
    except ValueError:
        raise ValueError(_refusal(field, text)) from None
    return values


def _entries(text: str) -> list[str]:
    """The entries of `0.9, 0.99`; brackets around them and a comma at the end are allowed."""
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1]
    entries = [entry.strip() for entry in text.split(",")]
    if not entries[-1]:
        entries.pop()
    return entries


def _fits_field(field: Field, value: object) -> bool:
    if value is None:
        return field.optional
    if field.kind == "choice":
        return str(value) in field.choices
    if field.kind == "tuple":
        return isinstance(value, list | tuple) and _fits_tuple(field, value)
    return _fits_scalar(field.kind, value)


def _fits_tuple(field: Field, values: Sequence[object]) -> bool:
    if field.length is not None and len(values) != field.length:
        return False
    return all(_fits_scalar(field.item, entry) for entry in values)


def _fits_scalar(kind: Kind, value: object) -> bool:
    """Whether a value is of a scalar kind: a whole number is a number, a bool is not."""
    if isinstance(value, bool):
        return kind in ("bool", "other")
    return isinstance(value, _SCALARS[kind].types)


def _refusal(field: Field, value: object) -> str:
    message = f"expected {_expected(field)}, got {_quoted(value)}"
    if field.kind == "choice" and value is not None:
        message += _similar_choice(field, str(value))
    return message


def _similar_choice(field: Field, text: str) -> str:
    hint = near(text, list(field.choices))
    if "did you mean" not in hint:
        return ""  # the hint lists the choices, as the message does already
    return hint


def _expected(field: Field) -> str:
    if field.kind == "choice":
        return "one of " + ", ".join(field.choices)
    if field.kind != "tuple":
        return _SCALARS[field.kind].one
    items = _SCALARS[field.item].many
    if field.length is None:
        return items
    return f"{field.length} {items}"


def _quoted(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        text = value
    elif is_plain(value):
        text = toml.write(value)
    else:
        text = repr(value)
    return f"'{safe_line(text, 60)}'"


def _show_tuple(field: Field, values: Sequence[object]) -> str:
    if field.item == "str":
        return toml.write(values)
    if not values:
        return "[]"
    return ", ".join(map(toml.bare, values))


def _show_text(field: Field, text: str) -> str:
    """The text, in quotes where `parse` would not return it as it is."""
    reads_as_none = field.optional and _means_none(text)
    has_outer_spaces = text != text.strip()
    if reads_as_none or has_outer_spaces or text.startswith('"') or not text.isprintable():
        return toml.write(text)
    return text
