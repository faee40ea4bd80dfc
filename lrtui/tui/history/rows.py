"""What the table says of a run: when, the rate, how it ended, what was run."""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property

from lrtui.report.training import RACE
from lrtui.runs.index import Entry
from lrtui.runs.watch import Unsaved
from lrtui.tui.clean import clean
from lrtui.tui.numbers import duration

# why there is no rate, in one word that fits a column
_NO_RATE = {
    "no_descent": "no fall",
    "still_falling": "falls",
    "diverges_from_start": "diverges",
    "falling_from_start": "falls",
    "too_noisy": "noisy",
    "already_trained": "trained",
    "disagree": "disagree",
    "too_short": "short",
    "bad_batch": "bad data",
    "rate_unused": "unused",
    "rate_fought": "unused",
    "class_order": "sorted",
    "analysis_failed": "our fault",
}


@dataclass(frozen=True)
class Row:
    """One run in the table. Its words are made when it is seen or searched: there may be thousands.

    Attributes:
        id: of the run.
        entry: of its record; None while it has none.
        unsaved: where it still goes on, or was cut off.
    """

    id: str
    entry: Entry | None = None
    unsaved: Unsaved | None = None

    @property
    def created(self) -> str:
        """RFC 3339, UTC."""
        if self.entry is not None:
            return self.entry.created
        return "" if self.unsaved is None else self.unsaved.created

    @cached_property
    def title(self) -> str:
        """What was run; the user's name for it comes first."""
        if self.entry is not None:
            return _title(self.entry)
        return _title_of_spec(self.unsaved)

    @cached_property
    def data(self) -> str:
        """The data set, for a table that has room for it."""
        if self.entry is not None:
            return short(self.entry.data)
        if self.unsaved is None or self.unsaved.spec is None:
            return ""
        return short(self.unsaved.spec.data.target)

    @cached_property
    def outcome(self) -> str:
        """How it ended, in a word."""
        if self.unsaved is not None:
            return "running" if self.unsaved.going_on else "cut off"
        return "" if self.entry is None else outcome(self.entry)

    @cached_property
    def text(self) -> str:
        """All of it in lower case, for the search."""
        words = f"{self.id} {self.title} {self.data} {self.outcome} {self.created}"
        if self.entry is not None:
            words += f" {self.entry.model} {self.entry.data} {self.entry.status}"
        return words.lower()

    @property
    def lr(self) -> float | None:
        """The recommended rate."""
        return None if self.entry is None else self.entry.lr

    @property
    def is_running(self) -> bool:
        """Whether a worker still measures something of it."""
        return self.unsaved is not None and self.unsaved.going_on


def row_of(entry: Entry) -> Row:
    """The row of a record."""
    return Row(entry.id or entry.file.removesuffix(".json"), entry)


def _title_of_spec(unsaved: Unsaved | None) -> str:
    if unsaved is None or unsaved.spec is None:
        return "building …"
    spec = unsaved.spec
    parts = [short(spec.model.target), short(spec.optimizer.target)]
    if spec.loader.batch_size:
        parts.append(str(spec.loader.batch_size))
    return " ".join(parts)


def _title(entry: Entry) -> str:
    """Model, optimizer, batch size, weight decay; after the user's name for the run."""
    if entry.problem:
        return clean(entry.problem)
    parts = [short(entry.model) or "live objects", short(entry.optimizer)]
    if entry.batch_size:
        parts.append(f"{entry.batch_size:g}")
    if entry.weight_decay is not None:
        parts.append(f"wd {entry.weight_decay:g}")
    what = " ".join(filter(None, parts))
    if entry.name:
        return f"{clean(entry.name)} · {what}"
    return what


def outcome(entry: Entry) -> str:
    """How a run ended, in a word: `tried` and `ok` have a rate, the others say why not."""
    suggestion = entry.suggestion
    if entry.problem:
        return "damaged"
    if entry.status == "failed":
        return "failed"
    if suggestion is None:
        return entry.status
    if suggestion.lr is None:
        return _NO_RATE.get(suggestion.verdict, "no rate")
    if suggestion.method == RACE:
        return "tried"
    return "ok"


@cache  # a history has few targets
def short(target: str) -> str:
    """The last part of a target: `Net` of `net.py:Net`, `digits` of `lrtui:digits`."""
    return clean(target.rpartition(":")[2])


def when(created: str, now: datetime) -> str:
    """A time in seven columns: of today the hour, of this year the day, else the month."""
    try:
        time = datetime.fromisoformat(created).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    if time.date() == now.date():
        return f"{time:%H:%M}"
    if time.year == now.year:
        return f"{time:%b} {time.day}"
    return f"{time:%Y-%m}"


def progress(unsaved: Unsaved) -> str:
    """How far a run is, and how long it still takes."""
    if not unsaved.total:
        return "building …"
    done = f"{unsaved.done}/{unsaved.total}"
    if not unsaved.going_on:
        return f"cut off at {done}"
    if unsaved.seconds_left is None:
        return f"running {done}"
    return f"running {done}, {duration(unsaved.seconds_left)} left"


def order_key(order: str, row: Row) -> tuple[bool, float, str]:
    """The key that sorts a row; what is unknown comes last.

    Args:
        order: one of `lrtui.tui.history.model.ORDERS` except the newest first.
        row: to sort.
    """
    entry = row.entry
    value: float | None = None
    if order == "lr":
        value = row.lr
    elif order == "loss" and entry is not None:
        value = entry.reached
    elif order == "seconds" and entry is not None:
        value = entry.seconds
    if order == "name":
        return False, 0.0, row.title.lower()
    known = value is not None and math.isfinite(value)
    return not known, value if known and value is not None else 0.0, ""
