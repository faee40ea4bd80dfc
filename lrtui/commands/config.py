"""`lrtui config`: each setting, its value, and what has set it; a template to start from."""

import json
from collections.abc import Iterator

import msgspec
from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, key_to_character

from lrtui import paths
from lrtui.commands.doctor import Chosen, settings
from lrtui.commands.streams import (
    ANSWER,
    NOT_SAVED,
    USAGE,
    json_text,
    printable,
    put,
    put_json,
    say,
)
from lrtui.files import write_atomic
from lrtui.tui import keys

_LONG_NAMES = {short: long for long, short in KEY_NAME_REPLACEMENTS.items()}

_HEAD = """\
# lrtui reads this file when it starts. Remove a # to change a setting; every value here is the
# default. `lrtui config` shows what holds now, and what has set it.

[app]
# ascii = false   # draw with ASCII alone; --ascii and --no-ascii win over it
# mouse = false   # let the app use the mouse; --mouse and --no-mouse win over it
# on_hangup = "continue"   # what a run does when the terminal is gone, or "stop"; --on-hangup wins

# The keys of each screen: a character, or a name such as f9, space, comma. Several are separated
# by commas.
[keys]
"""


class Settings(msgspec.Struct, frozen=True):
    """The JSON of `lrtui config --json`."""

    file: str
    exists: bool
    problem: str
    settings: tuple[Chosen, ...]


def show_config(as_json: bool) -> int:
    """Print the settings; exit code 2 where the file cannot be used."""
    chosen, problem = settings()
    path = paths.config()
    code = USAGE if problem else ANSWER
    if as_json:
        return put_json(json_text(Settings(str(path), path.exists(), problem, chosen)), code)
    return put(map(printable, _lines(chosen, problem)), code)


def _lines(chosen: tuple[Chosen, ...], problem: str) -> Iterator[str]:
    path = paths.config()
    state = "" if path.exists() else "   no such file: `lrtui config --write` makes one"
    yield f"{'file':9} {problem or path}{'' if problem else state}"
    for one in chosen:
        yield f"{one.name:9} {one.value}   ({one.source})"


def write_template() -> int:
    """Write a commented file where there is none; returns the exit code."""
    path = paths.config()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(template().encode(), path)
    except FileExistsError:
        return say(f"{path} already exists: `lrtui config --template` prints the template", USAGE)
    except OSError as error:
        return say(f"{path}: cannot be written: {error.strerror}", NOT_SAVED)
    return put([printable(str(path))])


def print_template() -> int:
    """Print the commented file."""
    return put(template().splitlines())


def template() -> str:
    """A config.toml in which every setting is a comment, with its default and what it does."""
    return _HEAD + "\n".join(_key_lines()) + "\n"


def _key_lines() -> Iterator[str]:
    seen = set()
    for screen in (*keys.SCREENS, keys.EVERYWHERE):
        for binding in screen:
            if not isinstance(binding, Binding) or not binding.id or binding.id in seen:
                continue
            seen.add(binding.id)
            pressed = ",".join(map(_typed, binding.key.split(",")))
            setting = f"{binding.id} = {json.dumps(pressed)}"
            yield f"# {setting:34} # {binding.tooltip or binding.description}"


def _typed(key: str) -> str:
    """A key as the file takes it: the character of those that Textual has other names for."""
    if key not in _LONG_NAMES:
        return key
    return key_to_character(_LONG_NAMES[key]) or key
