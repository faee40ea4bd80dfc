"""How fast the run is, and what it takes of the machine."""

from collections.abc import Iterator

from textual.content import Content

from lrtui.tui.clean import clean
from lrtui.tui.run.state import RunState


def machine_lines(state: RunState) -> Iterator[Content]:
    """Device, iterations and samples a second."""
    if state.started is None:
        return
    device = clean(state.started.device)
    speed = speed_words(state)
    if speed:
        yield Content.assemble(device, (" · ", "dim"), speed)
    else:
        yield Content(device)


def machine_words(state: RunState) -> list[Content]:
    """The same on one line, for a screen without a panel."""
    return [Content.styled(" · ", "dim").join(machine_lines(state))]


def speed_words(state: RunState) -> str:
    """Iterations a second, of the last ones while it runs; empty before the first."""
    seconds = state.seconds_per_step
    if not seconds:
        return ""
    return f"{_short(1 / seconds)} it/s"


def _short(number: float) -> str:
    if number >= 10:
        return f"{number:,.0f}"
    return f"{number:.2g}"
