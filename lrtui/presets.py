"""Presets: specs that a person saved, and those that were run last. A preset is a TOML file like any other spec."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lrtui import paths
from lrtui.spec import RunSpec, to_toml

_KEPT = 20


class Preset(NamedTuple):
    """A file that holds a spec, and what to call it."""

    path: Path
    name: str
    recent: bool = False  # remembered because it was run, not because it was saved


def place(text: str) -> Path:
    """Where a preset of that name lies: a bare name in the presets' folder, a path or `NAME.toml` where it says."""
    path = Path(text).expanduser()
    named = path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")
    return named if named == path or "/" in text else paths.specs() / named


def found(path: Path) -> Path:
    """The file that a person means: the path itself, or the preset of that name."""
    saved = place(path.name.removesuffix(".toml"))
    return saved if not path.exists() and path.parent == Path() and saved.exists() else path


def save(spec: RunSpec, path: Path, *, overwrite: bool) -> None:
    """Write a spec, whole or not at all; FileExistsError unless it may overwrite, OSError when it cannot be written."""
    if path.exists() and not overwrite:
        raise FileExistsError(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(to_toml(spec))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remember(spec: RunSpec) -> None:
    """A run of this spec starts: it becomes the most recent one."""
    text = to_toml(spec)
    path = _recent() / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.toml"
    save(spec, path, overwrite=True)
    for old in _by_age(_recent())[_KEPT:]:
        old.unlink(missing_ok=True)


def presets(folder: Path) -> list[Preset]:
    """The recent ones, newest first, then the saved ones, then the TOML files of a folder."""
    recent = [Preset(path, _title(path), recent=True) for path in _by_age(_recent())]
    saved = [Preset(path, path.stem) for path in _by_age(paths.specs())]
    here = [
        Preset(path, path.name)
        for path in sorted(folder.glob("*.toml"))
        if path.name != "pyproject.toml"
    ]
    return [*recent, *saved, *here]


def _recent() -> Path:
    folder = paths.specs() / "recent"
    folder.mkdir(exist_ok=True)
    return folder


def _by_age(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _title(path: Path) -> str:
    """What a recent spec runs, in a line; what cannot be read is called by its file."""
    from lrtui.specfile import read

    try:
        return " · ".join(_parts(read(path)))
    except ValueError:
        return path.name


def _parts(spec: RunSpec) -> Iterator[str]:
    """The picks, and every argument: recent specs often differ in one of them alone."""
    for choice in (spec.model, spec.data, spec.optimizer):
        given = ", ".join(f"{name}={value}" for name, value in choice.args.items())
        yield f"{choice.target.rpartition(':')[2]}{f' ({given})' if given else ''}"
    test = spec.range
    yield f"{test.start_lr:g} to {test.end_lr:g} in {test.num_iter}"
    yield f"batch {spec.loader.batch_size}"
