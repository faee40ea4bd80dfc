"""Presets: specs saved under a name, and those that were run last. Each is a TOML file."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lrtui import paths
from lrtui.files import expanded, is_taken, regular_files, write_atomic
from lrtui.spec import Choice, PlanSpec, RunSpec, SpecError, to_toml

_RECENT_KEPT = 20


class Preset(NamedTuple):
    """A file that holds a spec, and the name that a list shows."""

    path: Path
    name: str
    recent: bool = False  # kept because it was run, not because somebody saved it


def preset_path(text: str) -> Path:
    """Where to save a preset.

    A bare name goes into the folder of presets; a path, or a name that ends in `.toml`, is a path.
    """
    path = expanded(text)
    if path.suffix == ".toml":
        return path
    path = path.with_name(f"{path.name}.toml")
    if "/" in text:
        return path
    return paths.specs() / path


def find(path: Path) -> Path:
    """The path, or the saved preset of that name where the working directory has no such file."""
    if is_taken(path) or path.parent != Path():
        return path
    saved = preset_path(path.name.removesuffix(".toml"))
    if not is_taken(saved):
        return path
    return saved


def save(spec: RunSpec, path: Path, *, overwrite: bool) -> None:
    """Write a spec atomically.

    Raises:
        FileExistsError: the file exists and `overwrite` is off.
        OSError: it cannot be written.
    """
    is_ours = path.parent in (paths.specs(), paths.recent_specs())
    write_atomic(to_toml(spec).encode(), path, overwrite, follow=not is_ours)


def remember(spec: RunSpec) -> None:
    """Make a spec the most recent one; the oldest of more than twenty are removed."""
    text = to_toml(spec)
    path = paths.recent_specs() / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.toml"
    save(spec, path, overwrite=True)
    for old in _newest_first(paths.recent_specs())[_RECENT_KEPT:]:
        old.unlink(missing_ok=True)


def presets(folder: Path) -> list[Preset]:
    """The recent specs, the saved ones, each newest first, then the TOML files of a folder."""
    listed: list[Preset] = []
    for path in _newest_first(paths.recent_specs()):
        listed.append(Preset(path, _title(path), recent=True))
    for path in _newest_first(paths.specs()):
        listed.append(Preset(path, path.stem))
    for path, _ in regular_files(folder, "*.toml"):
        if path.name != "pyproject.toml":
            listed.append(Preset(path, path.name))
    return listed


def _newest_first(folder: Path) -> list[Path]:
    found = list(regular_files(folder, "*.toml"))
    found.sort(key=lambda file: file[1].st_mtime_ns, reverse=True)
    return [path for path, _ in found]


def _title(path: Path) -> str:
    """What a recent spec runs, on one line; the file's name where it cannot be read."""
    from lrtui.specfile import read

    try:
        return " · ".join(_title_parts(read(path)))
    except SpecError:
        return path.name


def _title_parts(spec: RunSpec) -> Iterator[str]:
    """The choices with every argument: recent specs often differ in one argument alone."""
    for choice in (spec.model, spec.data, spec.optimizer):
        yield _choice_title(choice)
    yield f"{spec.range.start_lr:g} to {spec.range.end_lr:g} in {spec.range.num_iter}"
    yield f"batch {spec.loader.batch_size}"
    if spec.plan != PlanSpec():
        yield _plan_title(spec.plan)


def _plan_title(plan: PlanSpec) -> str:
    if plan.epochs:
        return f"{plan.schedule}, {plan.epochs} epochs"
    if plan.steps:
        return f"{plan.schedule}, {plan.steps} steps"
    return plan.schedule


def _choice_title(choice: Choice) -> str:
    name = choice.target.rpartition(":")[2]
    if not choice.args:
        return name
    args = ", ".join(f"{key}={value}" for key, value in choice.args.items())
    return f"{name} ({args})"
