"""A failed run as text: what failed, where in the user's own file, what it printed, what to do."""

from collections.abc import Callable, Iterator

from textual.content import Content

from lrtui.events import Ended
from lrtui.report import failure
from lrtui.tui.clean import clean
from lrtui.tui.run.model import RunModel


def failure_lines(model: RunModel, keys: Callable[[str], str]) -> Iterator[Content]:
    """The failure, from what is most useful on."""
    ended = model.state.ended
    if ended is None:
        return
    yield Content.assemble((" FAILED ", "bold reverse $error"), (_phase(ended), "bold $error"))
    yield Content(clean(ended.reason))
    yield from _place_lines(ended)
    yield Content("")
    yield from _next_lines(model, ended, keys)
    yield from _output_lines(ended)


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
    advice = failure.next_step(ended.where, model.log_path)
    if advice:
        yield Content.assemble(("→ ", "dim"), clean(advice))
    yield _key(keys("run.again"), "run again")
    yield _key(keys("run.back"), "change the form")
    if model.log_path:
        yield Content.assemble(("log ", "dim"), clean(model.log_path))


def _output_lines(ended: Ended) -> Iterator[Content]:
    if not ended.output:
        return
    yield Content("")
    yield Content.styled("LAST PRINTS", "dim")
    for line in ended.output:
        yield Content(clean(line))


def _key(key: str, words: str) -> Content:
    return Content.assemble("  ", (key, "bold $accent"), f" {words}")
