"""One value as TOML, in one line, and back."""

import tomllib
from collections.abc import Mapping
from typing import Any

from lrtui.catalog.fields import is_plain
from lrtui.specfile import document_of


def write(value: object) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, str):
        escaped = "".join(map(_escaped, value))
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        entries = ", ".join(map(write, value))
        return f"[{entries}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{write(key)} = {write(entry)}" for key, entry in value.items())
        return f"{{{pairs}}}"
    return bare(value)


def read(text: str) -> Any:
    """One value written as TOML.

    Raises:
        ValueError: not TOML, more than one value, a date, or a number that is not finite.
    """
    try:
        table = document_of(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        raise ValueError(str(error)) from error
    if list(table) != ["value"] or not is_plain(table["value"]):
        raise ValueError("not one plain value")
    return table["value"]


def bare(value: object) -> str:
    """A value as a person types it: `true`, `0.001`, text without quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    return str(value)


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    return f"\\U{ord(letter):08x}"
