"""Grid: a spec, and several values for some of its fields; every combination is a run.

As TOML it is the spec with a table `grid`:

    [grid]
    "optimizer.target" = ["torch.optim:SGD", "torch.optim:AdamW"]
    "loader.batch_size" = [16, 64]
    "optimizer.weight_decay" = [0.0, 0.01]
    repeats = 3
"""

import itertools
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from lrtui.spec import CHOICES, Choice, RunSpec, SpecError
from lrtui.specfields import check_path, is_section, table_expected, with_values
from lrtui.specfile import NotHeldError, document_of, text_of
from lrtui.specfile import parse as parse_spec
from lrtui.specproblems import checked

MOST_RUNS = 1000
_REPEATS = "range.repeats"

Axes = Mapping[str, Sequence[Any]]


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A grid of runs.

    Attributes:
        base: what all runs have in common.
        axes: the values of each field that varies, by its dotted path; `optimizer.weight_decay` is
            short for `optimizer.args.weight_decay`, and `optimizer` takes whole choices. The first
            axis changes slowest.
        repeats: of the range test in each run; 0: as many as the base has.
    """

    base: RunSpec = RunSpec()
    axes: dict[str, list[Any]] = {}
    repeats: int = 0

    @property
    def count(self) -> int:
        """How many runs there are, as long as no two are the same."""
        return math.prod(len(values) for values in self.axes.values())

    def expand(self) -> list[RunSpec]:
        """Every combination once, in the order of the axes.

        Another target than the base's takes none of its arguments: they may not exist there.

        Raises:
            SpecError: an unknown field, a value of another type, a combination that cannot be run.
        """
        axes = {_full_path(path): values for path, values in self.axes.items()}
        self._check(axes)
        found: dict[str, RunSpec] = {}  # by content: specs hold dicts
        for values in itertools.product(*axes.values()):
            spec = self._spec(dict(zip(axes, values, strict=True)))
            found.setdefault(msgspec.json.encode(spec).decode(), spec)
        return list(found.values())

    def _check(self, axes: Axes) -> None:
        for path, values in axes.items():
            check_path(path.split("."))
            if is_section(path) and path not in CHOICES:
                raise table_expected(path)
            if not isinstance(values, list) or not values:
                raise SpecError("expected a list of values", path)
        if self.count > MOST_RUNS:
            raise SpecError(f"{self.count:,} runs are too many: {MOST_RUNS:,} at most")

    def _spec(self, values: dict[str, Any]) -> RunSpec:
        spec = self.base
        # choices first: what is set of their arguments belongs to the choice of this run
        for path in sorted(values, key=_is_argument):
            spec = _with_target(spec, path, values[path])
            spec = with_values(spec, {path: values[path]})
        if self.repeats:
            spec = with_values(spec, {_REPEATS: self.repeats})
        return checked(spec)


def axis_label(path: str) -> str:
    """What an axis is called in a list: `optimizer`, `batch_size`, `weight_decay`."""
    return path.removesuffix(".target").rpartition(".")[2]


def axis_text(value: object) -> str:
    """A value of an axis in a list: a target without where it is from."""
    if isinstance(value, Mapping):
        args = value.get("args") or {}
        extra = "".join(f" {key}={one}" for key, one in args.items())
        return f"{axis_text(value.get('target', ''))}{extra}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).rpartition(":")[2]


def parse(text: str, name: str = "grid") -> Grid:
    """The grid in a TOML text; `name` is what errors call it.

    Raises:
        SpecError: one line: not TOML, an unknown field (with the nearest one), a wrong value.
    """
    try:
        document = document_of(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{name}: not TOML: {error}") from None
    except NotHeldError as error:
        raise SpecError(f"{name}: {error}") from None
    table = document.pop("grid", {})
    if not isinstance(table, dict):
        raise SpecError(f"{name}: expected a table [grid]")
    base = parse_spec(tomli_w.dumps(document), name)
    axes = _unnested(table)
    repeats = axes.pop("repeats", 0)
    try:
        if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 0:
            raise SpecError("expected a whole number", "repeats")
        grid = Grid(base=base, axes=axes, repeats=repeats)
        grid.expand()
    except SpecError as error:
        raise SpecError(f"{name}: [grid] {error}") from None
    return grid


def read(path: Path) -> Grid:
    """The grid in a TOML file.

    Raises:
        SpecError: it cannot be read, or something in it is wrong.
    """
    return parse(text_of(path), str(path))


def to_toml(grid: Grid) -> str:
    """The grid as TOML: the whole base, then the axes."""
    table: dict[str, Any] = dict(grid.axes)
    if grid.repeats:
        table["repeats"] = grid.repeats
    return tomli_w.dumps({**msgspec.to_builtins(grid.base), "grid": msgspec.to_builtins(table)})


def _full_path(path: str) -> str:
    """`optimizer.weight_decay` is short for `optimizer.args.weight_decay`."""
    role, _, name = path.partition(".")
    if role in CHOICES and name and "." not in name and name not in Choice.__struct_fields__:
        return f"{role}.args.{name}"
    return path


def _unnested(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The axes by dotted path: without quotes TOML reads `optimizer.target` as a table."""
    axes: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            axes |= _unnested(value, f"{prefix}{name}.")
        else:
            axes[f"{prefix}{name}"] = value
    return axes


def _is_argument(path: str) -> bool:
    return ".args." in path


def _with_target(spec: RunSpec, path: str, value: object) -> RunSpec:
    """The spec without the arguments of a choice whose target changes."""
    role, _, name = path.partition(".")
    if name != "target" or not isinstance(value, str) or getattr(spec, role).target == value:
        return spec
    return msgspec.structs.replace(spec, **{role: Choice(value)})
