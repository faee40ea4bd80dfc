"""The flags that edit a spec: derived from its declarations, and the spec that they make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lrtui.spec import CHOICES, Choice, RunSpec, SpecError
from lrtui.specfields import FLAGS, declaration_of, value_at, with_values
from lrtui.specproblems import checked

Command = TypeVar("Command", bound=Callable[..., Any])

PLAN_FLAGS = ("schedule", "steps", "warmup_steps")  # a record has no loader to count epochs in
_TYPES = {"int": int, "float": float}


def spec_options(command: Command) -> Command:
    """Add the flags that edit a spec; each is None unless it was given."""
    overrides = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="FIELD=VALUE",
        help="Any field, such as model.width=32.",
    )
    command = overrides(command)
    for name, path in reversed(FLAGS.items()):
        command = _option(name, path)(command)
    return command


def plan_options(command: Command) -> Command:
    """Add the flags that say for which training a saved curve is judged."""
    for name in reversed(PLAN_FLAGS):
        command = _option(name, FLAGS[name])(command)
    return command


def spec_from(file: Path | None, flags: dict[str, Any]) -> RunSpec:
    """The spec that a file and flags make. Raises SpecError.

    The order: defaults, the file, what another model's file says that it runs with, the flags,
    every --set.
    """
    from lrtui import presets
    from lrtui.specfile import override, read

    spec = RunSpec()
    if file is not None:
        spec = read(presets.find(file))
    model = flags["model"]
    if model is not None and model != spec.model.target:
        spec = _with_companion(with_values(spec, {"model": Choice(model)}))
    for name, path in FLAGS.items():
        spec = _with_flag(spec, path, flags[name])
    for assignment in flags["overrides"]:
        spec = override(spec, assignment)
    return checked(spec)


def _option(name: str, path: str) -> Callable[[Command], Command]:
    declaration = declaration_of(path)
    flag = f"--{name.replace('_', '-')}"
    help = declaration.help
    if path in CHOICES:
        help = f"{name.capitalize()}: {help}."
        return click.option(flag, metavar="T", shell_complete=_complete_target, help=help)
    help = f"{help[0].upper()}{help[1:]}."
    if declaration.kind == "bool":
        return click.option(flag, is_flag=True, default=None, help=help)
    if declaration.choices:
        return click.option(flag, type=click.Choice(declaration.choices), help=help)
    return click.option(flag, type=_TYPES.get(declaration.kind), help=help)


def _complete_target(_: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for a target; imported late."""
    from lrtui.commands.completion import complete_targets

    role: Any = parameter.name
    return complete_targets(role, incomplete)


def _with_flag(spec: RunSpec, path: str, value: Any) -> RunSpec:
    """The spec with the value of a flag. Another target starts without the last one's arguments."""
    if value is None:
        return spec
    if path in CHOICES:
        if value == value_at(spec, path).target:
            return spec
        value = Choice(value)
    return with_values(spec, {path: value})


def _with_companion(spec: RunSpec) -> RunSpec:
    """The spec with what the file of its model says that it runs with."""
    from lrtui.catalog.companion import companion, merged
    from lrtui.catalog.errors import CatalogError
    from lrtui.catalog.targets import locate

    path = locate(spec.model.target.rpartition(":")[0])
    if path is None:
        return spec
    try:
        return merged(spec, companion(path))
    except CatalogError as error:
        raise SpecError(str(error)) from None
