"""One value as TOML, in one line, and back."""

import tomllib
from collections.abc import Mapping
from typing import Any

from lrtui.catalog.fields import is_plain


def write(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, str):
        return '"' + "".join(_escaped(letter) for letter in value) + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write(entry) for entry in value) + "]"
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{write(key)} = {write(entry)}" for key, entry in value.items()) + "}"
        )
    return "true" if value is True else "false" if value is False else bare(value)


def read(text: str) -> Any:
    """One TOML value; a date, an infinity or a second line is none."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if list(table) != ["value"] or not is_plain(table["value"]):
        raise ValueError("not one plain value")
    return table["value"]


def bare(value: Any) -> str:
    """A number or a truth as one types it."""
    if isinstance(value, float):
        return repr(value)
    return "true" if value is True else "false" if value is False else str(value)


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
