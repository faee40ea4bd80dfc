"""A report in Markdown, for a pull request or an issue.

Foreign text cannot mention anybody, close a block or start one: it is escaped.
"""

import re
from collections.abc import Iterator, Sequence

from lrtui.export.content import (
    Content,
    ExportError,
    answer_lines,
    ending_line,
    fact_rows,
    origin,
    printable,
)
from lrtui.export.drawing import drawing_of
from lrtui.export.text_chart import text_chart
from lrtui.report import failure as failed
from lrtui.report import race

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!@&])")


def markdown_of(content: Content) -> str:
    """The report."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Content) -> Iterator[str]:
    record = content.record
    first, *rest = answer_lines(content)
    yield f"### Learning-rate range test: {_text(content.title)}"
    yield ""
    yield f"**{_text(first)}**"
    yield ""
    yield from _listed([*rest, ending_line(record)])
    yield from _fenced(_chart(content))
    if record.failure:
        yield from _fenced(list(failed.lines(record.failure.where, record.failure.output)))
    for name, code in content.code.items():
        yield f"{_text(name)}:"
        yield ""
        yield from _fenced(code.split("\n"), "python")
    yield from _table(("what was run", ""), list(fact_rows(record)))
    measured = list(race.lines(record.measured, content.lr))
    if measured:
        yield from _folded("Checks", _fenced(measured))
    if record.suggestions:
        rules = [(name, _rate(lr)) for name, lr in record.suggestions.items()]
        yield from _folded("What published rules suggest", _table(("rule", "lr"), rules))
    if record.notices:
        yield from _folded("Notices", _listed(record.notices))
    yield f"<sub>{_text(origin(record))}</sub>"


def _chart(content: Content) -> list[str]:
    try:
        drawing = drawing_of(content)
    except ExportError as error:
        return [str(error)]
    return text_chart(content, drawing)


def _fenced(lines: list[str], language: str = "") -> Iterator[str]:
    """A block of code, with a fence that is longer than any in it."""
    texts = [printable(line) for line in lines]
    longest = max((len(run) for text in texts for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from texts
    yield fence
    yield ""


def _folded(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield "</details>"
    yield ""


def _listed(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        yield f"- {_text(text)}"
    yield ""


def _table(heads: tuple[str, str], rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"| {heads[0]} | {heads[1]} |"
    yield "|---|---|"
    for label, text in rows:
        yield f"| {_text(label)} | {_text(text)} |"
    yield ""


def _text(text: str) -> str:
    """A text that Markdown shows as it is. A mention would notify somebody: `@` is a reference."""
    escaped = _SPECIAL.sub(r"\\\1", printable(text))
    return escaped.replace(r"\@", "&#64;").replace(r"\<", "&lt;").replace(r"\>", "&gt;")


def _rate(lr: float | None) -> str:
    return "–" if lr is None else f"{lr:.1e}"
