"""FormBody: the one widget of the form. It draws every row, and sends only what changed."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from lrtui.spec import RunSpec
from lrtui.tui.clean import clean
from lrtui.tui.form.controls import Controls
from lrtui.tui.form.form import Form
from lrtui.tui.form.page.line import Line, changed_span, fill
from lrtui.tui.form.page.notes import help_of
from lrtui.tui.form.page.view import View
from lrtui.tui.keys import KeyName
from lrtui.tui.session import Session
from lrtui.tui.widgets.drawn import Drawn

_POLL_SECONDS = 0.25
_LOOK_AGAIN_SECONDS = 2.0  # while a run goes on elsewhere
_BLANK: Line = ()
_USUAL_SIZE = (80, 24)


class FormBody(Drawn[Line]):
    """Widgets for 60 fields would cost 50 ms a key in styles and layout: this has none.

    Attributes:
        form: what is filled in.
        controls: the cursor, and what keys do to the row that it stands on.
        going_on: runs of other front ends, or of none, that workers still measure.
    """

    LOOKS = "form"
    DEFAULT_CSS = """
    FormBody {
        height: 1fr;

        .form--plain { color: $foreground; }
        .form--bold { text-style: bold; }
        .form--dim { text-style: dim; }
        .form--accent { color: $accent; }
        .form--here { color: $accent; text-style: bold; }
        .form--error { color: $error; }
        .form--reverse { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "form--plain",
        "form--bold",
        "form--dim",
        "form--accent",
        "form--here",
        "form--error",
        "form--reverse",
    }

    class Changed(Message):
        """Something of the form, or of what is known about it, has changed."""

    def __init__(self, spec: RunSpec, session: Session, keys: KeyName) -> None:
        super().__init__()
        self.session = session
        self.going_on = 0
        self._key_name = keys
        self._start(spec)
        self.redraw()

    def _start(self, spec: RunSpec) -> None:
        self.form = Form(spec, self.session, self._key_name)
        self.controls = Controls(self.form)
        self.view = View(self.form, self.controls)

    def on_mount(self) -> None:
        self._poll()
        self.set_interval(_POLL_SECONDS, self._poll)
        self.call_after_refresh(self.read_past_runs)

    def fill(self, spec: RunSpec) -> None:
        """Show another spec."""
        past = self.view.outlook.past
        self._start(spec)
        self.view.outlook.past = past
        self._poll()

    def show(self) -> None:
        """Draw what has changed since the last time, and say that something may have."""
        self.redraw()
        self.post_message(self.Changed())

    def check(self) -> None:
        """Read the form again: what it depends on may have changed."""
        self.form.check()
        self.show()

    def go_to(self, path: str) -> None:
        """Put the cursor into a field."""
        self.controls.go_to(path)
        self.show()

    def help(self) -> str:
        """The help of the row with the cursor, "" on the run button."""
        cursor = self.controls.cursor
        if self.controls.kind == "run":
            return ""
        if self.controls.kind == "fold":
            return "the fields that most runs leave alone; Enter shows or hides them"
        return help_of(self.form, cursor)

    def cut_value(self) -> str:
        """The whole value of the row with the cursor, where it is cut; else ""."""
        cursor = self.controls.cursor
        if self.controls.kind in ("run", "fold"):
            return ""
        text = self.form.text(cursor)
        if cell_len(clean(text)) < self.view.value_room(cursor):
            return ""
        return text

    def scroll_by(self, lines: int) -> None:
        """Show what is above or below."""
        self.view.scroll(lines)
        self.redraw()

    def read_past_runs(self) -> None:
        """Read the last runs, beside the screen: there may be many, on a slow disk."""
        self.run_worker(self._read_past_runs(), group="past", exclusive=True)

    async def _read_past_runs(self) -> None:
        from lrtui.tui.form.page.recent import past_runs, runs_going_on

        past, count = await asyncio.to_thread(lambda: (past_runs(), runs_going_on()))
        self.view.outlook.past = past
        self.redraw()
        if count != self.going_on:
            self.going_on = count
            self.post_message(self.Changed())
        if count:
            self.set_timer(_LOOK_AGAIN_SECONDS, self.read_past_runs)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        key = self.view.row_at(event.y)
        if key:
            self.go_to(key)

    def _poll(self) -> None:
        if self.form.poll():
            self.controls.refresh()
            self.show()

    # drawing

    def redraw(self) -> None:
        """Draw what differs; keys may come before the first layout, and need the rows."""
        if not self.size:
            self.view.lines(*_USUAL_SIZE)
        super().redraw()

    def draw_rows(self, size: Size) -> Sequence[Line]:
        """The form, and what will happen beside it."""
        width, height = size
        lines = [fill(line, width) for line in self.view.lines(width, height)]
        return lines + [fill(_BLANK, width)] * (height - len(lines))

    def strip_of(self, row: Line) -> Strip:
        """One line."""
        segments = [Segment(text, self.style_of(look)) for text, look in row]
        return Strip(segments, self.size.width)

    def changed_regions(self, y: int, before: Line, after: Line) -> Iterable[Region]:
        """The columns from the first to the last change."""
        start, columns = changed_span(before, after)
        return [Region(start, y, columns, 1)]
