"""FieldBox: one field of the form: its name, the widget that its kind asks for, and what is wrong with it."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from lrtui.catalog.offers import Field
from lrtui.tui.clean import clean
from lrtui.tui.widgets.cycle import Cycle
from lrtui.tui.widgets.line import Line


class FieldBox(Container):
    """A parameter. Its text is what stands in it, whichever widget it has."""

    DEFAULT_CSS = """
    FieldBox {
        layout: grid;
        grid-size: 2;
        grid-columns: 19 1fr;
        grid-rows: auto;
        height: auto;

        .label { width: 1fr; height: 1; text-style: dim; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-here .label { text-style: bold; color: $accent; }
        .error { column-span: 2; color: $error; height: auto; }
        &.-wrong .label { color: $error; text-style: bold; }
    }
    """

    class Edited(Message):
        """The text changed."""

        def __init__(self, box: "FieldBox") -> None:
            super().__init__()
            self.box = box

        @property
        def control(self) -> "FieldBox":
            return self.box

    def __init__(self, path: str, parameter: Field, text: str, hint: str = "") -> None:
        super().__init__()
        self.path = path
        self.parameter = parameter
        self._shown = text  # what was put here; something else has been typed
        self._told = text  # an input tells what it was made with, too: that is no edit
        self._marked = ""
        choices = choices_of(parameter)
        self.widget: Line | Cycle = Cycle(choices, text) if choices else Line(text, clean(hint))

    def compose(self) -> ComposeResult:
        name = clean(self.parameter.name) + (" *" if self.parameter.required else "")
        yield Static(Content(name), classes="label")
        yield self.widget

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.widget.value

    @property
    def help(self) -> str:
        """The line below the form while this is the field in hand."""
        kind = (
            " or ".join(choices_of(self.parameter))
            or self.parameter.annotation
            or self.parameter.kind
        )
        if self.parameter.kind == "other":
            kind = f"{self.parameter.annotation or 'any value'}, written as TOML"
        words = self.parameter.help or ""
        return f"{self.path.rpartition('.')[2]}: {words}{' — ' if words else ''}{kind}"

    @on(Input.Changed)
    @on(Cycle.Changed)
    def _edited(self, event: Message) -> None:
        event.stop()
        if self.text != self._told:
            self._told = self.text
            self.post_message(self.Edited(self))

    def mark(self, message: str) -> None:
        """Say what is wrong, in words, at the field; nothing when nothing is."""
        if message == self._marked:
            return
        self._marked = message
        self.set_class(bool(message), "-wrong")
        marks = self.query(".error")
        if not message:
            marks.remove()
        elif marks:
            marks.first(Static).update(Content(clean(message)))
        else:
            self.mount(Static(Content(clean(message)), classes="error"))

    def show(self, text: str, hint: str = "") -> None:
        """Another text from elsewhere: it is no edit. What a person has typed stays."""
        if isinstance(self.widget, Line):
            self.widget.placeholder = clean(hint)
        if self.widget.value == self._shown != text:
            with self.prevent(Input.Changed, Cycle.Changed):
                self.widget.value = text
            self._shown = self._told = text

    def focus_field(self) -> None:
        """Put the cursor here."""
        self.widget.focus()


def choices_of(parameter: Field) -> tuple[str, ...]:
    """The values to pick from, where there are few."""
    choices = ("false", "true") if parameter.kind == "bool" else parameter.choices
    return ("none", *choices) if choices and parameter.optional else choices
