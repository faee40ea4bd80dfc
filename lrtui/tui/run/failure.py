"""A failed run as text: what failed, where in the user's own file, what it printed, what to do."""

import math
from collections.abc import Callable, Iterator, Sequence

from textual.content import Content
from textual.geometry import Size

from lrtui.events import Ended
from lrtui.report import failure
from lrtui.tui.clean import clean
from lrtui.tui.run.model import RunModel

_FEWEST_PRINTS = 3
_TITLE_ROWS = (Content(""), Content.styled("LAST PRINTS", "dim"))


def failure_lines(model: RunModel, keys: Callable[[str], str], room: Size) -> list[Content]:
    """The failure, from what is most useful on.

    Of the prints there are as many as fit into the room, the last ones, so that those before the
    failure are seen at once.
    """
    lines = list(_what_and_where(model, keys))
    ended = model.state.ended
    if ended is None or not ended.output:
        return lines
    rows = room.height - len(_TITLE_ROWS) - _rows(lines, room.width)
    printed = [Content(clean(line)) for line in ended.output[-max(rows, _FEWEST_PRINTS) :]]
    while len(printed) > _FEWEST_PRINTS and _rows(printed, room.width) > rows:
        del printed[0]
    return [*lines, *_TITLE_ROWS, *printed]


def _rows(lines: Sequence[Content], width: int) -> int:
    """Rows that the lines take, about: words are not broken."""
    return sum(max(1, math.ceil(line.cell_length / max(1, width))) for line in lines)


def _what_and_where(model: RunModel, keys: Callable[[str], str]) -> Iterator[Content]:
    ended = model.state.ended
    if ended is None:
        return
    yield Content.assemble((" FAILED ", "bold reverse $error"), (_phase(ended), "bold $error"))
    yield Content(clean(ended.reason))
    yield from _place_lines(ended)
    yield Content("")
    yield from _next_lines(model, ended, keys)


def _phase(ended: Ended) -> str:
    if not ended.phase:
        return ""
    return f" in the {clean(ended.phase)}"


def _place_lines(ended: Ended) -> Iterator[Content]:
    if ended.where is None:
        return
    yield Content("")
    yield Content.styled(clean(failure.place(ended.where)), "bold")
    if ended.where.source:
        yield Content.assemble("    ", (clean(ended.where.source), "$error"))


def _next_lines(model: RunModel, ended: Ended, keys: Callable[[str], str]) -> Iterator[Content]:
    advice = failure.next_step(ended.where, model.log_path, ended.advice)
    if advice:
        yield Content.assemble(("→ ", "dim"), clean(advice))
    yield _key(keys("run.again"), "run again")
    yield _key(keys("run.back"), "change the form")
    if model.log_path:
        yield Content.assemble(("log ", "dim"), clean(model.log_path))


def _key(key: str, words: str) -> Content:
    return Content.assemble("  ", (key, "bold $accent"), f" {words}")
