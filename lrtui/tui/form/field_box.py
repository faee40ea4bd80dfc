"""FieldBox: one field of the form: its name, a widget for its type, and what is wrong with it."""

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
    """A setting or an argument. `text` is its value as text, for both kinds of widgets."""

    DEFAULT_CSS = """
    FieldBox {
        layout: grid;
        grid-size: 2;
        grid-columns: 19 1fr;
        grid-rows: auto;
        height: auto;

        .label {
            width: 1fr;
            height: 1;
            text-style: dim;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        &.-here .label { text-style: bold; color: $accent; }
        .error { column-span: 2; color: $error; height: auto; }
        &.-wrong .label { color: $error; text-style: bold; }
    }
    """

    class Edited(Message):
        """A person changed the text."""

        def __init__(self, box: "FieldBox") -> None:
            super().__init__()
            self.box = box

        @property
        def control(self) -> "FieldBox":
            return self.box

    def __init__(self, path: str, field: Field, text: str, hint: str = "") -> None:
        super().__init__()
        self.path = path
        self.field = field
        self._shown = text  # the last text that the form put here
        self._reported = text  # the last text known outside: a new widget reports its first one
        self._error = ""
        self.widget: Line | Cycle
        choices = choices_of(field)
        if choices:
            self.widget = Cycle(choices, text)
        else:
            self.widget = Line(text, clean(hint))

    def compose(self) -> ComposeResult:
        name = clean(self.field.name)
        if self.field.required:
            name += " *"
        yield Static(Content(name), classes="label")
        yield self.widget

    @property
    def text(self) -> str:
        """The value as text."""
        return self.widget.value

    @property
    def help(self) -> str:
        """The line below the form while this field has the focus."""
        name = self.path.rpartition(".")[2]
        if not self.field.help:
            return f"{name}: {self._type_text()}"
        return f"{name}: {self.field.help} — {self._type_text()}"

    def _type_text(self) -> str:
        field = self.field
        if field.kind == "other":
            return f"{field.annotation or 'any value'}, written as TOML"
        return " or ".join(choices_of(field)) or field.annotation or field.kind

    @on(Input.Changed)
    @on(Cycle.Changed)
    def _edited(self, event: Message) -> None:
        event.stop()
        if self.text != self._reported:
            self._reported = self.text
            self.post_message(self.Edited(self))

    def mark(self, error: str) -> None:
        """Show what is wrong below the field; "" removes it."""
        if error == self._error:
            return
        self._error = error
        self.set_class(bool(error), "-wrong")
        lines = self.query(".error")
        if not error:
            lines.remove()
        elif lines:
            lines.first(Static).update(Content(clean(error)))
        else:
            self.mount(Static(Content(clean(error)), classes="error"))

    def show(self, text: str, hint: str = "") -> None:
        """Put in a text that is no edit. What a person has typed stays."""
        if isinstance(self.widget, Line):
            self.widget.placeholder = clean(hint)
        typed = self.widget.value != self._shown
        if typed or text == self._shown:
            return
        with self.prevent(Input.Changed, Cycle.Changed):
            self.widget.value = text
        self._shown = self._reported = text

    def focus_field(self) -> None:
        """Put the cursor here."""
        self.widget.focus()


def choices_of(field: Field) -> tuple[str, ...]:
    """The values to pick from; () for a field to type into."""
    choices = field.choices
    if field.kind == "bool":
        choices = ("false", "true")
    if choices and field.optional:
        return ("none", *choices)
    return choices
