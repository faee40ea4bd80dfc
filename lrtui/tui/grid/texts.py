"""The texts of the grid's page, and the grid that they say."""

from collections.abc import Mapping
from typing import Any

from lrtui.spec import RunSpec, SpecError
from lrtui.specfile import document_of
from lrtui.sweep.grid import Grid, axis_text

OPTIMIZERS, SIZES, DECAYS = "optimizers", "batch sizes", "weight decays"
FIELD, VALUES, REPEATS = "another field", "its values", "repeats"
LABELS = (OPTIMIZERS, SIZES, DECAYS, FIELD, VALUES, REPEATS)
HINTS: Mapping[str, str] = {
    OPTIMIZERS: "SGD, AdamW",
    SIZES: "16, 64, 256",
    DECAYS: "such as 0, 0.01, 0.1",
    FIELD: "such as range.mode, model.width, seed",
    VALUES: "separated by commas",
    REPEATS: "of the range test in each run",
}


def first_texts(base: RunSpec) -> dict[str, str]:
    """What the page says before anything is typed: the base itself."""
    return {
        OPTIMIZERS: axis_text(base.optimizer.target),
        SIZES: str(base.loader.batch_size or ""),
        DECAYS: "",
        FIELD: "",
        VALUES: "",
        REPEATS: str(base.range.repeats),
    }


def grid_of(base: RunSpec, texts: Mapping[str, str]) -> Grid:
    """The grid of these texts; an empty one leaves its field as it is in the base.

    Raises:
        SpecError: a text cannot be read; its `field` is the label.
    """
    axes: dict[str, list[Any]] = {}
    targets = [_optimizer(name, base) for name in _parts(texts[OPTIMIZERS])]
    if targets:
        axes["optimizer.target"] = targets
    for label, path in ((SIZES, "loader.batch_size"), (DECAYS, "optimizer.weight_decay")):
        values = [_value(text) for text in _parts(texts[label])]
        if values:
            axes[path] = values
    if texts[FIELD].strip():
        axes[texts[FIELD].strip()] = [_value(text) for text in _parts(texts[VALUES])]
    elif texts[VALUES].strip():
        raise SpecError("say which field these values are for", FIELD)
    return Grid(base=base, axes=axes, repeats=_repeats(texts[REPEATS]))


def words(grid: Grid, count: int) -> str:
    """The grid in one line, such as `4 runs: SGD, AdamW × 16, 64`."""
    varied = []
    for values in grid.axes.values():
        if len(values) > 1:
            varied.append(", ".join(axis_text(value) for value in values))
    runs = "run" if count == 1 else "runs"
    if not varied:
        return f"{count} {runs}"
    return f"{count} {runs}: {' × '.join(varied)}"


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _optimizer(name: str, base: RunSpec) -> str:
    """The target of an optimizer: a name alone is the base's own, or one of torch.optim."""
    if ":" in name:
        return name
    if name == axis_text(base.optimizer.target):
        return base.optimizer.target
    return f"torch.optim:{name}"


def _value(text: str) -> Any:
    """A value as TOML reads it, or the text itself."""
    try:
        return document_of(f"value = {text}")["value"]
    except ValueError:
        return text


def _repeats(text: str) -> int:
    text = text.strip()
    if not text:
        return 0
    if not text.isdecimal() or not int(text):
        raise SpecError("expected a whole number from 1 on", REPEATS)
    return int(text)
