"""How fast the run is, and what it takes of the machine."""

from collections.abc import Iterator, Sequence

from textual.content import Content

from lrtui.report import progress
from lrtui.tui.clean import clean
from lrtui.tui.run.state import RunState

_BARS = "▁▂▃▄▅▆▇█"
_FULL = 100.0  # per cent of a GPU, or of one core


def machine_lines(state: RunState) -> Iterator[Content]:
    """Device and speed; the load and the memory, where they are sampled."""
    if state.started is None:
        return
    device = clean(state.started.device)
    speed = speed_words(state)
    if speed:
        yield Content.assemble(device, (" · ", "dim"), speed)
    else:
        yield Content(device)
    if state.machine is not None:
        yield Content.styled(clean(progress.machine_text(state.machine)), "dim")
        yield Content.styled(sparkline(state.load), "$secondary")


def machine_words(state: RunState) -> list[Content]:
    """Device and speed on one line, for a screen without a panel."""
    return list(machine_lines(state))[:1]


def speed_words(state: RunState) -> str:
    """Iterations and samples a second; empty before the first step."""
    if state.started is None or state.last is None:
        return ""
    return progress.speed(state.steps, state.last.seconds, state.started.samples_per_step)


def sparkline(load: Sequence[float]) -> str:
    """The load over time, as a bar a second."""
    highest = max(_FULL, *load) if load else _FULL
    return "".join(_BARS[round(value / highest * (len(_BARS) - 1))] for value in load)
