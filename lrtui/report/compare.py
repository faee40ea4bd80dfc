"""Several runs side by side: what differs, and what each suggests and reached."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.record import RunRecord
from lrtui.report.race import corrected, latest
from lrtui.report.standings import Standing, standings

_LABELS = {
    "loader.batch_size": "batch size",
    "range.accumulation_steps": "accumulation",
    "range.val": "loss measured on",
    "plan.steps": "planned steps",
    "plan.epochs": "planned epochs",
    "plan.warmup": "warm-up",
}
_LATER_SETTINGS = "default"  # of an argument that a run leaves to the callable

Spec = Mapping[str, Any]


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of one run.

    Attributes:
        name: what the reader calls it, such as `●A`.
        spec: of its record.
        suggestion: its answer after the races.
        bounds: as the person left them, or as proposed.
        trial: what the trials of the last race reached at the suggested rate.
        judged_by: the loss of these trials.
        lowest: rate and loss where the trend of its test is lowest.
        seconds: of the whole test.
        iterations: of all repeats of the test.
    """

    name: str
    spec: Spec
    device: str = ""
    suggestion: Suggestion | None = None
    bounds: Bounds | None = None
    trial: Standing | None = None
    judged_by: str = ""
    lowest: tuple[float, float] | None = None
    seconds: float = 0.0
    iterations: int = 0

    @property
    def lr(self) -> float | None:
        """The suggested rate."""
        return None if self.suggestion is None else self.suggestion.lr

    @property
    def batch(self) -> int:
        """Examples in one optimizer step; 0 where the data set makes the batches."""
        size = value_at(self.spec, "loader.batch_size")
        accumulated = value_at(self.spec, "range.accumulation_steps") or 1
        if not isinstance(size, int) or not isinstance(accumulated, int):
            return 0
        return size * accumulated

    @property
    def seconds_per_1000(self) -> float | None:
        """Seconds of a thousand iterations of its test."""
        if not self.iterations:
            return None
        return 1000 * self.seconds / self.iterations


class Difference(msgspec.Struct, frozen=True):
    """A field that is not the same in all specs: what it is called, and its value in each."""

    label: str
    values: tuple[str, ...]


def contender(record: RunRecord, name: str, lowest: tuple[float, float] | None) -> Contender:
    """What is compared of a record."""
    suggestion, bounds = corrected(record.measured, record.suggestion, record.bounds)
    trials, confirmation = latest(record.measured)
    trial = None
    for row in standings(trials, confirmation):
        if suggestion is not None and row.lr == suggestion.lr:
            trial = row
    return Contender(
        name=name,
        spec=record.spec,
        device=record.device,
        suggestion=suggestion,
        bounds=bounds,
        trial=trial,
        judged_by="" if confirmation is None else confirmation.judged_by,
        lowest=lowest,
        seconds=record.seconds,
        iterations=sum(len(history.lr) for history in record.repeats or [record.history]),
    )


# what differs


def differences(specs: Sequence[Spec]) -> list[Difference]:
    """The fields in which specs differ, in the order of the specs; an absent one is `default`."""
    flat = [dict(_flattened(spec)) for spec in specs]
    found = []
    for path in dict.fromkeys(chain(*flat)):
        values = [one.get(path, _LATER_SETTINGS) for one in flat]
        if any(value != values[0] for value in values):
            found.append(Difference(_label(path), tuple(_texts(path, values))))
    return found


def value_at(spec: Spec, path: str) -> object:
    """A value in a spec, None where there is none."""
    value: object = spec
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _flattened(spec: Spec, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in spec.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _label(path: str) -> str:
    """What a field is called in a table: `optimizer`, `weight decay`, `num_iter`."""
    if path in _LABELS:
        return _LABELS[path]
    if path.endswith(".target"):
        return path.removesuffix(".target")
    return path.rpartition(".")[2].replace("weight_decay", "weight decay")


def _texts(path: str, values: Sequence[object]) -> list[str]:
    texts = [_text(path, value) for value in values]
    short = [text.rpartition(":")[2] for text in texts]
    # two files may have a class of the same name
    if path.endswith(".target") and len(set(short)) == len(set(texts)):
        return short
    return texts


def _text(path: str, value: object) -> str:
    if path == "range.val":
        return "validation" if value is True else "training"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


# the pick
