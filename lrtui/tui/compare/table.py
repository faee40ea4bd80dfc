"""The comparison as text: what differs, what each run suggests and reached, and the pick."""

from collections.abc import Iterator, Sequence
from itertools import islice

from textual.content import Content

from lrtui.report.compared import Cells, compared_rows
from lrtui.report.pick import pick
from lrtui.tui.clean import clean
from lrtui.tui.compare.contenders import Drawn
from lrtui.tui.numbers import loss

_LABEL = 14
_COLUMN = 11  # the least; a narrower screen has several tables below each other


def comparison(drawn: Sequence[Drawn], width: int) -> Content:
    """All of it, in lines of at most `width` columns."""
    lines = [*pick_lines(drawn), Content("")]
    room = max(1, (width - _LABEL) // _COLUMN)
    rows = list(compared_rows([one.contender for one in drawn]))
    for first in range(0, len(drawn), room):
        lines += _table(drawn[first : first + room], rows, first, width)
    return Content("\n").join(lines)


def pick_lines(drawn: Sequence[Drawn]) -> Iterator[Content]:
    """The pick and its reason; what the reason leaves open on a line of its own."""
    chosen = pick([one.contender for one in drawn])
    label = ("THE PICK  ", "bold")
    if chosen.name:
        name = (chosen.name, f"bold {_style_of(chosen.name, drawn)}")
        yield Content.assemble(label, name, f": {clean(chosen.reason)}")
    else:
        yield Content.assemble(label, ("none: ", "bold $warning"), clean(chosen.reason))
    if chosen.caveat:
        yield Content.styled(clean(chosen.caveat), "dim")


def repeats_lines(drawn: Sequence[Drawn]) -> Iterator[Content]:
    """How far the repeats of one run agree."""
    lowest = [one.contender.lowest for one in drawn]
    yield Content.styled("REPEATS  of one run", "bold")
    for one, place in zip(drawn, lowest, strict=True):
        if place is not None:
            text = f"  lowest loss {loss(place[1])} at {place[0]:.1e}"
            yield Content.assemble((one.mark.name, f"bold {one.mark.style}"), text)
    rates = [place[0] for place in lowest if place is not None]
    if len(rates) > 1:
        ratio = max(rates) / min(rates)
        yield Content(f"their lowest places are a factor of {ratio:.2g} apart")


def _style_of(name: str, drawn: Sequence[Drawn]) -> str:
    for one in drawn:
        if one.mark.name == name:
            return one.mark.style
    return ""


def _table(
    drawn: Sequence[Drawn], rows: Sequence[Cells], first: int, width: int
) -> Iterator[Content]:
    column = max(_COLUMN, min(20, (width - _LABEL) // len(drawn)))
    heads = [(f"{one.mark.name:<{column}}", f"bold {one.mark.style}") for one in drawn]
    yield Content.assemble((f"{'WHAT DIFFERS':<{_LABEL}}", "bold"), *heads)
    for label, texts in rows:
        cells = [_cell(text, column) for text in islice(texts, first, first + len(drawn))]
        is_answer = label.startswith("→")
        label_style = "bold" if is_answer else "dim"
        text_style = "bold $success" if is_answer else ""
        yield Content.assemble(
            (_cell(label, _LABEL), label_style), ("".join(cells).rstrip(), text_style)
        )


def _cell(text: str, width: int) -> str:
    """A text in a column; one that is too long ends in an ellipsis."""
    text = clean(text)
    if len(text) >= width:
        text = f"{text[: width - 2]}…"
    return f"{text:<{width}}"
