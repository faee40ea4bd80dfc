"""A RunSpec from TOML and from `name.field=value` overrides, refused with the place and the nearest name."""

import difflib
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from lrtui.spec import CHOICES, Choice, RunSpec, SpecError, checked

_KINDS = {
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text",
    "`bool`": "true or false",
}
_SECTIONS = {"range": RunSpec().range, "loader": RunSpec().loader}


def read(path: Path) -> RunSpec:
    """The spec in a TOML file.

    Raises:
        SpecError: it cannot be read, or something in it is wrong: one line with the file, the line and what to do.
    """
    try:
        text = path.expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return parse(text, str(path))


def parse(text: str, name: str = "spec") -> RunSpec:
    """The spec in a TOML text; `name` is what errors call it. Raises SpecError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{name}: not TOML: {error}") from None
    try:
        for path, value in _leaves(document):
            _known(path, value)
        return checked(msgspec.convert(document, RunSpec))
    except (SpecError, msgspec.ValidationError) as error:
        message, place = _in_words(str(error))
        line = _line_of(text, place)
        raise SpecError(
            f"{name}{f':{line}' if line else ''}: {place + ': ' if place else ''}{message}"
        ) from None


def override(spec: RunSpec, assignment: str) -> RunSpec:
    """The spec with one field changed: `range.num_iter=200`, `model.width=32` (an argument), `seed=1`.

    The value is read as TOML, and as plain text where it is none. Raises SpecError.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise SpecError(f"--set {assignment}: expected name.field=value, such as model.width=32")
    keys = path.strip().split(".")
    if len(keys) == 2 and keys[0] in CHOICES and keys[1] not in Choice.__struct_fields__:
        keys.insert(1, "args")
    try:
        _known(tuple(keys), None)
        document = msgspec.to_builtins(spec)
        holder = document
        for key in keys[:-1]:
            holder = holder.setdefault(key, {})
        holder[keys[-1]] = _value(text.strip())
        return msgspec.convert(document, RunSpec)
    except (SpecError, msgspec.ValidationError, AttributeError) as error:
        message, place = _in_words(str(error))
        raise SpecError(f"--set {assignment}: {place + ': ' if place else ''}{message}") from None


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _leaves(
    document: dict[str, Any], before: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], Any]]:
    found = []
    for key, value in document.items():
        inside = isinstance(value, dict) and len(before) == 0
        found += _leaves(value, (key,)) if inside and value else [((*before, key), value)]
    return found


def _known(path: tuple[str, ...], value: Any) -> None:
    """Refuse a field that there is not, with the nearest one that there is."""
    first = path[0]
    if first not in RunSpec.__struct_fields__:
        raise SpecError(
            f"$.{first}\tunknown field '{first}'{_nearest(first, RunSpec.__struct_fields__)}"
        )
    fields: tuple[str, ...]
    if first in CHOICES:
        fields = Choice.__struct_fields__
    elif first in _SECTIONS:
        fields = _SECTIONS[first].__struct_fields__
    else:
        fields = ()
    if len(path) > (3 if first in CHOICES else 2 if fields else 1):
        raise SpecError(f"$.{'.'.join(path)}\t'{path[-2]}' has no fields")
    if not fields:
        return
    if len(path) == 1:
        if not isinstance(value, dict):
            raise SpecError(f"$.{first}\texpected a table [{first}] with {', '.join(fields)}")
        return
    if path[1] not in fields:
        hint = " (arguments belong under args)" if first in CHOICES else ""
        raise SpecError(
            f"$.{first}.{path[1]}\tunknown field '{path[1]}'{_nearest(path[1], fields)}{hint}"
        )


def _nearest(name: str, names: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, names, 1)
    return f", did you mean '{near[0]}'?" if near else f", expected one of {', '.join(names)}"


def _in_words(error: str) -> tuple[str, str]:
    """Split an error into what is wrong and the dotted field; msgspec puts the place last, ours comes first."""
    if "\t" in error:
        place, message = error.split("\t", 1)
    elif " - at `" in error:
        message, place = error.rstrip("`").split(" - at `", 1)
    elif ": " in error and error.split(": ", 1)[0].split(".")[0] in RunSpec.__struct_fields__:
        place, message = error.split(": ", 1)
    else:
        return error, ""
    for kind, words in _KINDS.items():
        message = message.replace(kind, words)
    return message.replace("Expected", "expected").replace("`", "'"), place.removeprefix("$.")


def _line_of(text: str, place: str) -> int:
    """The line of a dotted field in a TOML text, 0 where it cannot be told."""
    table, key = "", place.rpartition(".")[2]
    section = place.rpartition(".")[0]
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = stripped.strip("[]").strip()
            if table == place:
                return number
        name = stripped.partition("=")[0].strip()
        if name == place or (table == section and name == key):
            return number
    return 0
