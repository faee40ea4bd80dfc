"""`lrtui ls`: the saved run records, newest first, one line each."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice

import msgspec

from lrtui import paths
from lrtui.analysis.answer import Suggestion
from lrtui.commands.streams import json_text, note, printable, put, put_json, terminal_columns
from lrtui.runs.index import Entry, entries
from lrtui.runs.store import journals
from lrtui.runs.tidy import tidy

_UNCUT = 76  # a narrower terminal would lose the learning rate


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A record without its curves.

    `model`, `data` and `optimizer` are targets, "" where unknown; `name` is what the user called
    the run; `suggestion` is the answer after the races; `record` is the file's path.
    """

    id: str
    created: str
    name: str
    status: str
    reason: str
    seconds: float
    suggestion: Suggestion | None
    model: str
    data: str
    optimizer: str
    record: str

    def __str__(self) -> str:
        """One line; "-" stands for what is unknown."""
        return self._line((self.model, self.data, self.optimizer))

    def within(self, columns: int) -> str:
        """The line for a terminal: where it is wider, with short names, and then cut."""
        if len(str(self)) <= columns:
            return str(self)
        names = [target.rpartition(":")[2] for target in (self.model, self.data, self.optimizer)]
        short = self._line(names)
        if columns < _UNCUT or len(short) <= columns:
            return short
        return f"{short[: columns - 1]}…"

    def _line(self, choices: Iterable[str]) -> str:
        lr = "-"
        if self.suggestion is not None and self.suggestion.lr is not None:
            lr = f"{self.suggestion.lr:.1e}"
        chosen = " · ".join(choice or "-" for choice in choices)
        if self.name:
            chosen = f"{self.name}: {chosen}"
        return printable(f"{self.id}  {when(self.created)}  {self.status:11}  {lr:>7}  {chosen}")


def list_records(as_json: bool, words: Sequence[str] = (), most: int | None = None) -> int:
    """Print the saved records; returns the exit code. Unreadable files are named on stderr.

    Args:
        as_json: print JSON.
        words: that a record's line has, in upper or lower case.
        most: how many are printed; None: all.
    """
    with closing(_saved()) as records:
        return _list(islice((one for one in records if _has(one, words)), most), as_json, words)


def _list(saved: Iterator[Listed], as_json: bool, words: Sequence[str]) -> int:
    """Print the records; returns the exit code."""
    if as_json:
        return put_json(json_text(list(saved)))
    count = 0
    columns = terminal_columns()

    def lines() -> Iterator[str]:
        nonlocal count
        for record in saved:
            count += 1
            yield str(record) if columns is None else record.within(columns)

    code = put(lines())
    tidy()
    without_record = len(journals())
    if without_record:
        note(_without_record(without_record))
    if not count and not code and words:
        note(f"no run has {' and '.join(words)} in its line")
    elif not count and not code:
        note(f"no runs are kept in {paths.runs()} yet: `lrtui` and `lrtui run` keep theirs there")
    return code


def _without_record(count: int) -> str:
    if count == 1:
        words = "1 more has no record: it is still running, or was cut off"
    else:
        words = f"{count} more have no record: they are still running, or were cut off"
    return f"{words}; `lrtui recover` makes records of what was cut off"


def _has(record: Listed, words: Sequence[str]) -> bool:
    line = f"{record} {record.reason}".lower()
    return all(word.lower() in line for word in words)


def listed(entry: Entry) -> Listed:
    """A record's line in the list."""
    return Listed(
        id=entry.id,
        created=entry.created,
        name=entry.name,
        status=entry.status,
        reason=entry.reason,
        seconds=entry.seconds,
        suggestion=entry.suggestion,
        model=entry.model,
        data=entry.data,
        optimizer=entry.optimizer,
        record=str(entry.path),
    )


def when(created: str) -> str:
    """A record's time of creation in local time, to the minute; unchanged where it is no time."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return created


def _saved() -> Generator[Listed, None, None]:
    with closing(entries()) as kept:
        for entry in kept:
            if entry.problem:
                note(f"lrtui: {entry.problem}")
            else:
                yield listed(entry)
