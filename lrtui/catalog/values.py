"""Text to value and back, as the fields of a form need it; every refusal is in words that a person understands."""

from collections.abc import Mapping
from typing import Any

from lrtui.catalog import toml
from lrtui.catalog.errors import safe_line
from lrtui.catalog.fields import is_plain
from lrtui.catalog.offers import Field, Kind, Offer
from lrtui.catalog.targets import near
from lrtui.spec import Problem

_TRUE = ("true", "yes", "on", "1", "y")
_FALSE = ("false", "no", "off", "0", "n")
_NONE = ("none", "null")
_EXPECTED: dict[Kind, str] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "tuple": "a list of values",
    "other": "a TOML value",
}


def parse(field: Field, text: str) -> Any:
    """The value that a person typed; ValueError says what was expected."""
    bare = text.strip()
    if field.optional and (bare.lower() in _NONE or not bare):
        return None
    if field.kind == "choice":
        return _choice(field, bare)
    if field.kind == "tuple":
        return _tuple(field, bare)
    return _scalar(field.kind, bare)


def show(field: Field, value: Any) -> str:
    """A value as one types it: `parse` gives it back."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.kind == "tuple" and isinstance(value, list | tuple):
        return (
            toml.write(value)
            if field.item == "str"
            else ", ".join(toml.bare(entry) for entry in value) or "[]"
        )
    if field.kind == "other":
        return toml.write(value)
    if isinstance(value, str) and field.kind == "str":
        return toml.write(value) if _must_quote(field, value) else value
    return toml.bare(value)


def check(offer: Offer, args: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the arguments for an offer: the field, and what to do."""
    known = {field.name: field for field in offer.fields}
    found = []
    for name, value in args.items():
        if name in known:
            message = wrong(known[name], value)
            if message:
                found.append(Problem(name, message))
        elif not offer.more:
            found.append(Problem(name, f"there is no such parameter{near(name, list(known))}"))
    missing = [field.name for field in offer.fields if field.required and field.name not in args]
    return found + [Problem(name, "is required") for name in missing]


def wrong(field: Field, value: Any) -> str:
    """Why a value does not fit a field, or "" when it does."""
    if value is None:
        return "" if field.optional else f"expected {_expected(field)}, got none"
    if field.kind == "choice":
        return (
            ""
            if str(value) in field.choices
            else f"expected {_expected(field)}, got {_quoted(value)}{_near(field, value)}"
        )
    if field.kind == "tuple":
        return _wrong_tuple(field, value)
    return "" if _fits(field.kind, value) else f"expected {_expected(field)}, got {_quoted(value)}"


def _scalar(kind: Kind, text: str) -> Any:
    try:
        match kind:
            case "int":
                return _whole(text)
            case "float":
                return _number(text)
            case "bool":
                return _truth(text)
            case "str":
                return toml.read(text) if text.startswith('"') else text
            case _:
                return toml.read(text)
    except (ValueError, OverflowError):
        raise ValueError(f"expected {_EXPECTED[kind]}, got {_quoted(text)}") from None


def _choice(field: Field, text: str) -> str:
    if text in field.choices:
        return text
    folded = [choice for choice in field.choices if choice.lower() == text.lower()]
    if len(folded) == 1:
        return folded[0]
    raise ValueError(f"expected {_expected(field)}, got {_quoted(text)}{_near(field, text)}")


def _tuple(field: Field, text: str) -> tuple[Any, ...]:
    if field.item == "str" and text.startswith("["):
        try:
            values = toml.read(text)
        except ValueError:
            raise ValueError(f"expected {_expected(field)}, got {_quoted(text)}") from None
    else:
        inside = text[1:-1] if text[:1] + text[-1:] in ("[]", "()") else text
        entries = [entry.strip() for entry in inside.split(",")]
        values = [
            _scalar(field.item, entry) for entry in (entries if entries[-1] else entries[:-1])
        ]
    if _wrong_tuple(field, values):
        raise ValueError(f"expected {_expected(field)}, got {_quoted(text)}")
    return tuple(values)


def _whole(text: str) -> int:
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


def _number(text: str) -> float:
    value = float(text)
    if not is_plain(value):
        raise ValueError("not finite")
    return value


def _truth(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError("neither")
    return text.lower() in _TRUE


def _fits(kind: Kind, value: Any) -> bool:
    """Whether a value is of a scalar kind: a bool is no number here, a whole number is a number."""
    match kind:
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "str":
            return isinstance(value, str)
        case _:
            return True


def _wrong_tuple(field: Field, value: Any) -> str:
    fits = isinstance(value, list | tuple) and all(_fits(field.item, entry) for entry in value)
    if not fits or (field.length is not None and len(value) != field.length):
        return f"expected {_expected(field)}, got {_quoted(value)}"
    return ""


def _expected(field: Field) -> str:
    if field.kind == "choice":
        return "one of " + ", ".join(field.choices)
    if field.kind == "tuple":
        names = {
            "int": "whole numbers",
            "float": "numbers",
            "bool": "true or false",
            "str": "texts",
        }
        many = names.get(field.item, "values")
        return f"{field.length} {many}" if field.length is not None else many
    return _EXPECTED[field.kind]


def _near(field: Field, value: Any) -> str:
    hint = near(str(value), list(field.choices))
    return hint if "did you mean" in hint else ""


def _quoted(value: Any) -> str:
    text = (
        value if isinstance(value, str) else toml.write(value) if is_plain(value) else repr(value)
    )
    return f"'{safe_line(text, 60)}'"


def _must_quote(field: Field, value: str) -> bool:
    """Text that would not be read back as itself: blanks at its ends, a quote first, the word none."""
    ambiguous = field.optional and (value.lower() in _NONE or not value)
    return value != value.strip() or value.startswith('"') or ambiguous or not value.isprintable()
