"""The `lrtui run …` command that makes a spec: the reverse of the flags."""

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from lrtui.catalog import toml
from lrtui.catalog.companion import companion, merged
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import locate
from lrtui.spec import CHOICES, Choice, RunSpec, SpecError
from lrtui.specfields import FLAGS, declaration_of, setting_paths, value_at, with_values
from lrtui.specfile import override

_FLAG_OF = {path: f"--{name.replace('_', '-')}" for name, path in FLAGS.items()}


def run_command(spec: RunSpec, base: RunSpec | None = None) -> str | None:
    """The command with as few flags as there can be; None where no flags make this spec.

    Args:
        spec: what the command runs.
        base: `command_base` of its model, where that is known already.
    """
    if base is None:
        base = command_base(spec.model.target)
    if base is None:
        return None
    words = ["lrtui", "run"]
    if spec.model.target != RunSpec().model.target:
        words += _flag("model", spec.model.target)
    for role in CHOICES[1:]:
        target = value_at(spec, role).target
        if target != value_at(base, role).target:
            words += _flag(role, target)
            base = with_values(base, {role: Choice(target)})
    words += _settings(spec, base)
    overrides = list(_arguments(spec, base))
    for assignment in overrides:
        words += ["--set", assignment]
    if not _makes(spec, base, overrides):
        return None
    return shlex.join(words)


def command_base(model: str) -> RunSpec | None:
    """The spec of `lrtui run --model MODEL`; None where its file cannot be read."""
    base = RunSpec()
    if model == base.model.target:
        return base
    base = with_values(base, {"model": Choice(model)})
    path = locate(model.rpartition(":")[0])
    if path is None:
        return base
    try:
        return merged(base, companion(path))
    except (CatalogError, SpecError):
        return None


def _settings(spec: RunSpec, base: RunSpec) -> Iterator[str]:
    for path in setting_paths():
        value = value_at(spec, path)
        if value == value_at(base, path):
            continue
        if path not in _FLAG_OF or value is False:
            yield from ("--set", f"{path}={_text(value)}")
        elif declaration_of(path).kind == "bool":
            yield _FLAG_OF[path]
        else:
            yield from _flag(path, toml.bare(value))


def _flag(path: str, text: str) -> list[str]:
    if text.startswith("-"):
        return [f"{_FLAG_OF[path]}={text}"]
    return [_FLAG_OF[path], text]


def _arguments(spec: RunSpec, base: RunSpec) -> Iterator[str]:
    for role in CHOICES:
        given = value_at(base, role).args
        for name, value in value_at(spec, role).args.items():
            if name not in given or _plain(given[name]) != _plain(value):
                yield f"{role}.{name}={_text(value)}"


def _makes(spec: RunSpec, base: RunSpec, overrides: list[str]) -> bool:
    """Whether the flags that set arguments are read as they are meant."""
    made = with_values(base, {path: value_at(spec, path) for path in setting_paths()})
    try:
        for assignment in overrides:
            made = override(made, assignment)
    except SpecError:
        return False
    return bool(_plain(made) == _plain(spec))


def _text(value: object) -> str:
    """A value as `--set` reads it: plain text where that is no TOML, else TOML."""
    if isinstance(value, str) and value == value.strip() and value and not _is_toml(value):
        return value
    return toml.write(_plain(value))


def _is_toml(text: str) -> bool:
    try:
        toml.read(text)
    except ValueError:
        return False
    return True


def _plain(value: object) -> Any:
    """A value as plain data: a tuple is a list."""
    return msgspec.json.decode(msgspec.json.encode(value))
