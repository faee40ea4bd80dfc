"""The first line of the run screen: what is run, how far it is, how long it still takes."""

from collections.abc import Iterator
from pathlib import PurePath

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from lrtui.events import Status
from lrtui.report.ending import is_cut_short
from lrtui.spec import RunSpec
from lrtui.tui.clean import clean
from lrtui.tui.numbers import duration
from lrtui.tui.run.state import RunState
from lrtui.tui.widgets.quiet import Quiet

_ENDINGS: dict[Status, tuple[str, str, str]] = {  # glyph, word, style
    "completed": ("✓", "done", "bold $success"),
    "diverged": ("✓", "done", "bold $success"),  # the usual end of a range test
    "stopped": ("■", "stopped", "bold"),
    "interrupted": ("■", "interrupted", "bold"),
    "failed": ("✗", "failed", "bold $error"),
}
_CUT_SHORT = ("■", "ended early", "bold $warning")
_WAITING = {"building": "building …", "resetting": "restoring …", "reset": "ready"}


class RunHeader(Horizontal):
    """One line: the spec on the left, progress on the right."""

    DEFAULT_CSS = """
    RunHeader {
        height: 1;
        #spec { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #progress { width: auto; height: 1; padding: 0 0 0 2; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Quiet(id="spec")
        yield Quiet(id="progress")

    def show(self, state: RunState) -> None:
        """Show the state."""
        self.query_one("#spec", Quiet).show(_spec_line(state.spec))
        self.query_one("#progress", Quiet).show(_progress(state), layout=True)


def _spec_line(spec: RunSpec) -> Content:
    """Model, data, optimizer and batch size."""
    targets = (spec.model.target, spec.data.target, spec.optimizer.target)
    parts = [clean(_short(target)) for target in targets]
    if spec.loader.batch_size:
        parts.append(f"batch {spec.loader.batch_size}")
    return Content.assemble(("lrtui  ", "bold"), " · ".join(parts))


def _short(target: str) -> str:
    """A target without its file's folders, and without a module that everybody knows."""
    where, colon, name = target.rpartition(":")
    if where in ("torch.optim", "lrtui"):
        return name
    if "/" in where:
        return PurePath(where).name + colon + name
    return target


def _progress(state: RunState) -> Content:
    steps = f"{state.steps}/{state.total_steps}"
    if state.phase == "running":
        return _running(state, steps)
    if state.ended is None:
        return Content.assemble((_WAITING[state.phase], "dim"), *_restored(state))
    glyph, word, style = _ENDINGS[state.ended.status]
    suggestion = None if state.suggested is None else state.suggested.suggestion
    if is_cut_short(state.ended.status, suggestion):
        glyph, word, style = _CUT_SHORT
    seconds = duration(state.ended.seconds)
    return Content.assemble(
        (f"{glyph} {word}", style), (f" {steps} in {seconds}", "dim"), *_restored(state)
    )


def _restored(state: RunState) -> Iterator[str | tuple[str, str]]:
    """Whether model and optimizer are as they were; nothing before a reset."""
    if state.restored is None:
        return
    yield (" · ", "dim")
    if state.restored.exact:
        yield ("model put back exactly", "$success")
    else:
        yield ("model NOT put back exactly", "bold $error")


def _running(state: RunState, steps: str) -> Content:
    ramp = state.spec.range
    if state.last is not None and state.total_steps > ramp.num_iter:
        steps += f"  repeat {state.last.repeat + 1} of {ramp.repeats}"
    left = ""
    if state.seconds_left is not None:
        left = f"  {duration(state.seconds_left)} left"
    return Content.assemble(("● ", "bold $accent"), steps, (left, "dim"))
