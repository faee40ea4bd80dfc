"""The first line of the run screen: what is run, how far it is, how long it still takes."""

from pathlib import PurePath

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from lrtui.spec import RunSpec
from lrtui.tui.clean import clean
from lrtui.tui.numbers import duration
from lrtui.tui.run.state import RunState
from lrtui.tui.widgets.quiet import Quiet


class Head(Horizontal):
    """One line: what on the left, how far on the right."""

    DEFAULT_CSS = """
    Head {
        height: 1;
        #what { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #progress { width: auto; height: 1; padding: 0 0 0 2; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Quiet(id="what")
        yield Quiet(id="progress")

    def show(self, view: RunState) -> None:
        """Bring both halves up to date."""
        self.query_one("#what", Quiet).show(what(view.spec))
        self.query_one("#progress", Quiet).show(progress(view), layout=True)


def what(spec: RunSpec) -> Content:
    """The run in a line: model, data, optimizer, batch."""
    parts = [short(spec.model.target), short(spec.data.target), short(spec.optimizer.target)]
    text = " · ".join([*map(clean, parts), f"batch {spec.loader.batch_size}"])
    return Content.assemble(("lrtui  ", "bold"), text)


def short(target: str) -> str:
    """A target without the folders of its file, or the module that everybody knows."""
    where, colon, name = target.rpartition(":")
    if where in ("torch.optim", "lrtui"):
        return name
    return PurePath(where).name + colon + name if "/" in where else target


def progress(view: RunState) -> Content:
    """How far the run is."""
    count = f"{view.steps}/{view.total}"
    if view.phase == "running":
        left = view.seconds_left
        if view.total > view.spec.range.num_iter and view.last is not None:
            count += f"  repeat {view.last.repeat + 1} of {view.spec.range.repeats}"
        return Content.assemble(
            ("● ", "bold $accent"),
            count,
            ("" if left is None else f"  {duration(left)} left", "dim"),
        )
    if view.ended is not None:
        style = "bold $error" if view.ended.status == "failed" else "bold"
        return Content.assemble(
            (view.ended.status, style), (f"  {count}  {duration(view.ended.seconds)}", "dim")
        )
    return Content.styled(
        {"building": "building …", "resetting": "restoring …", "reset": "ready"}[view.phase], "dim"
    )
