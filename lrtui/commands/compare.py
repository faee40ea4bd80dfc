"""`lrtui compare`: several results side by side, and which of them to take."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.trend import loss_trend, lowest
from lrtui.catalog.errors import one_line
from lrtui.commands.show import UNREADABLE
from lrtui.commands.streams import (
    ANSWER,
    NO_ANSWER,
    USAGE,
    json_text,
    note,
    printable,
    put,
    put_json,
    say,
)
from lrtui.record import RecordError, RunRecord
from lrtui.report.compare import Contender, contender, differences
from lrtui.report.compared import compared_rows
from lrtui.report.pick import Pick, pick
from lrtui.runs.curves import curves_of, with_answer
from lrtui.runs.find import find
from lrtui.runs.foreign import Tool, load_result

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


def compare(names: Sequence[str], as_json: bool, tool: Tool | None = None) -> int:
    """Print the comparison; returns the exit code: 0 for a pick, 3 for none, 2 for bad input.

    Args:
        names: files, ids or beginnings of ids.
        as_json: print JSON.
        tool: what made the foreign files; None: their shape says.
    """
    results = []
    for index, name in enumerate(names):
        try:
            results.append(_result(_letter(index), name, tool))
        except RecordError as error:
            return say(str(error), USAGE)
        except OSError as error:
            return say(f"{error.filename or name}: {error.strerror}", USAGE)
        except UNREADABLE as error:
            return say(f"{name}: this record cannot be read: {one_line(error)}", USAGE)
    contenders = [one for one, _, _ in results]
    chosen = pick(contenders)
    code = ANSWER if chosen.name else NO_ANSWER
    if as_json:
        return put_json(json_text(_document(results, chosen)), code)
    return put([*_head(results), *map(printable, _lines(contenders, chosen))], code)


def _result(letter: str, name: str, tool: Tool | None) -> tuple[Contender, RunRecord, Path]:
    path = find(name)
    loaded = load_result(path, tool)
    if loaded.read_as:
        note(f"{name}: read as {loaded.read_as}; --from says what made it")
    record = with_answer(loaded.record)
    trend = loss_trend(curves_of(record))
    return contender(record, letter, lowest(trend)), record, path


def _letter(index: int) -> str:
    """A to Z, then A2 and so on."""
    again = index // 26
    return chr(ord("A") + index % 26) + (str(again + 1) if again else "")


def _head(results: Sequence[tuple[Contender, RunRecord, Path]]) -> Iterator[str]:
    """A line for each result: what its letter stands for."""
    for one, record, path in results:
        words = [record.id if record.lrtui else str(path)]
        if record.name and record.lrtui:
            words.append(record.name)
        if record.status == "failed" or not record.history.lr:
            words.append(f"{record.status}: {record.reason}")
        elif one.lr is None and one.suggestion is not None:
            words.append(f"no rate: {one.suggestion.reason}")
        yield printable(f"{one.name}  {' · '.join(words)}")
    yield ""


def _lines(contenders: Sequence[Contender], chosen: Pick) -> Iterator[str]:
    rows = list(compared_rows(contenders))
    texts = [text for _, cells in rows for text in cells]
    width = max(_COLUMN, min(28, max(map(len, texts)) + 2))
    names = [one.name for one in contenders]
    yield _line("", names, width)
    for label, cells in rows:
        yield _line(label, cells, width)
    yield ""
    yield f"pick     {chosen.name or 'none'}: {chosen.reason}"
    if chosen.caveat:
        yield f"         {chosen.caveat}"


def _line(label: str, cells: Sequence[str], width: int) -> str:
    columns = "".join(f"{_cut(cell, width):<{width}}" for cell in cells)
    return f"{_cut(label, _LABEL):<{_LABEL}} {columns}".rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else f"{text[: width - 2]}…"


def _document(results: Sequence[tuple[Contender, RunRecord, Path]], chosen: Pick) -> Comparison:
    differing = differences([one.spec for one, _, _ in results])
    entries = []
    for one, record, path in results:
        entry = Compared(
            name=one.name,
            file=str(path),
            id=record.id if record.lrtui else "",
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
