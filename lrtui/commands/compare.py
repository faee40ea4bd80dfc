"""`lrtui compare`: several results side by side, and which of them to take."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.trend import loss_trend, lowest
from lrtui.commands.opening import REFUSED, Opened, check_use, opened, refuse
from lrtui.commands.streams import (
    ANSWER,
    NO_ANSWER,
    USAGE,
    folded,
    json_text,
    printable,
    put,
    put_json,
    say,
    terminal_columns,
)
from lrtui.record import RecordError
from lrtui.report.compare import Contender, contender, differences
from lrtui.report.compared import compared_rows
from lrtui.report.pick import Pick, pick
from lrtui.runs.curves import curves_of, with_answer
from lrtui.runs.tools import UNSAID, Smoothing

_LABEL, _COLUMN = 14, 13


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One result in the JSON of a comparison; `lowest` is rate and loss of the test's trend."""

    name: str
    file: str
    id: str
    lr: float | None
    suggestion: Suggestion | None
    bounds: Bounds | None
    lowest: tuple[float, float] | None
    trial_loss: float | None
    seconds: float
    iterations: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of `lrtui compare --json`."""

    pick: Pick
    differences: dict[str, tuple[str, ...]]
    results: list[Compared]


class _Side(NamedTuple):
    """One of the results, and what is compared of it."""

    contender: Contender
    result: Opened


def compare(names: Sequence[str], as_json: bool, smoothing: Smoothing = UNSAID) -> int:
    """Print the comparison; returns the exit code: 0 for a pick, 3 for none, 2 for bad input.

    Args:
        names: files, ids or beginnings of ids.
        as_json: print JSON.
        smoothing: of the results of other finders.
    """
    sides: list[_Side] = []
    for index, name in enumerate(names):
        try:
            sides.append(_side(_letter(index), name, smoothing))
        except REFUSED as error:
            return refuse(name, error)
    try:
        check_use(smoothing, [side.result for side in sides])
    except RecordError as error:
        return say(str(error), USAGE)
    contenders = [side.contender for side in sides]
    chosen = pick(contenders)
    code = ANSWER if chosen.name else NO_ANSWER
    if as_json:
        return put_json(json_text(_document(sides, chosen)), code)
    lines = [*folded(_head(sides)), *_table(contenders), *folded(_pick(chosen))]
    return put(map(printable, lines), code)


def _side(letter: str, name: str, smoothing: Smoothing) -> _Side:
    result = opened(name, smoothing)
    record = with_answer(result.record)
    trend = loss_trend(curves_of(record))
    return _Side(contender(record, letter, lowest(trend)), result._replace(record=record))


def _letter(index: int) -> str:
    """A to Z, then A2 and so on."""
    again = index // 26
    return chr(ord("A") + index % 26) + (str(again + 1) if again else "")


def _head(sides: Sequence[_Side]) -> Iterator[str]:
    """A line for each result: what its letter stands for."""
    for one, (record, path, tool) in sides:
        words = [str(path) if tool else record.id]
        if record.name and not tool:
            words.append(record.name)
        if record.status == "failed" or not record.history.lr:
            words.append(f"{record.status}: {record.reason}")
        elif one.lr is None and one.suggestion is not None:
            words.append(f"no rate: {one.suggestion.reason}")
        yield f"{one.name}  {' · '.join(words)}"
    yield ""


def _table(contenders: Sequence[Contender]) -> Iterator[str]:
    """A column for each; on a terminal below each other as many as fit beside each other."""
    rows = [("", [one.name for one in contenders]), *compared_rows(contenders)]
    texts = [text for _, cells in rows for text in cells]
    width = max(_COLUMN, min(28, max(map(len, texts)) + 2))
    beside = len(contenders)
    terminal = terminal_columns()
    if terminal is not None:
        beside = max(1, (terminal - _LABEL - 1) // width)
    for first in range(0, len(contenders), beside):
        for label, cells in rows:
            yield _line(label, cells[first : first + beside], width)
        yield ""


def _pick(chosen: Pick) -> Iterator[str]:
    yield f"pick     {chosen.name or 'none'}: {chosen.reason}"
    if chosen.caveat:
        yield f"         {chosen.caveat}"


def _line(label: str, cells: Sequence[str], width: int) -> str:
    columns = "".join(f"{_cut(cell, width):<{width}}" for cell in cells)
    return f"{_cut(label, _LABEL):<{_LABEL}} {columns}".rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else f"{text[: width - 2]}…"


def _document(sides: Sequence[_Side], chosen: Pick) -> Comparison:
    differing = differences([side.contender.spec for side in sides])
    entries = []
    for one, (record, path, tool) in sides:
        entry = Compared(
            name=one.name,
            file=str(path),
            id="" if tool else record.id,
            lr=one.lr,
            suggestion=one.suggestion,
            bounds=one.bounds,
            lowest=one.lowest,
            trial_loss=None if one.trial is None else one.trial.loss,
            seconds=one.seconds,
            iterations=one.iterations,
        )
        entries.append(entry)
    by_label = {difference.label: difference.values for difference in differing}
    return Comparison(pick=chosen, differences=by_label, results=entries)
