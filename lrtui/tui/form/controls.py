"""Controls: the cursor of the form, and what a key does to the row that it stands on."""

from collections.abc import Sequence
from typing import Literal

from lrtui.tui.form.editor import LineEditor
from lrtui.tui.form.form import Form, role_of
from lrtui.tui.form.page.rows import RUN, choices_of
from lrtui.tui.form.pick_list import PickList

Kind = Literal["run", "target", "text", "choice", "fold"]
_VERBS_OF = {
    "run": (),
    "target": ("list",),
    "list": ("pick", "close"),
    "text": (),
    "choice": ("next", "before"),
    "fold": ("toggle",),
}


class Controls:
    """One cursor and one editor for all rows. Every key is done when its call returns.

    Attributes:
        cursor: the key of the row with the cursor; `RUN` for the run button.
        editor: the text of that row, where it is one to type into.
        listed: what that row's target may become, where it is a target.
        keys: the keys of all rows that can have the cursor, from top to bottom, without the button.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        self.cursor = RUN
        self.editor: LineEditor | None = None
        self.listed: PickList | None = None
        self.keys: Sequence[str] = ()

    @property
    def kind(self) -> Kind:
        """What the cursor stands on."""
        if self.cursor == RUN:
            return "run"
        if self.cursor.startswith("fold:"):
            return "fold"
        if self.listed is not None:
            return "target"
        return "choice" if self.editor is None else "text"

    @property
    def list_is_open(self) -> bool:
        """Whether a list is shown below a target."""
        return self.listed is not None and self.listed.is_open

    def can(self, verb: str) -> bool:
        """Whether a verb does something to the row with the cursor."""
        kind = "list" if self.list_is_open else self.kind
        return verb in ("up", "down", *_VERBS_OF[kind])

    def do(self, verb: str) -> None:
        """Do what a key's action says."""
        match verb:
            case "up":
                self.step(-1)
            case "down":
                self.step(1)
            case "list":
                self.open_list()
            case "close":
                self.close_list()
            case "pick":
                self.pick()
            case "next":
                self.turn(1)
            case "before":
                self.turn(-1)
            case "toggle":
                self.toggle()

    def go_to(self, path: str) -> None:
        """Put the cursor into a field. One that is folded away is shown while it has the cursor."""
        self.cursor = path
        role = role_of(path)
        if role is not None and role == path:
            self.listed = PickList(lambda text: self.form.completions(role, text))
            self.editor = LineEditor(self.form.text(path))
            return
        self.listed = self.editor = None
        if path != RUN and not path.startswith("fold:") and not self.choices:
            self.editor = LineEditor(self.form.text(path))

    def step(self, by: int) -> None:
        """Go to the next row or the previous one; in an open list, to the next line.

        The button is between the last row and the first.
        """
        if self.listed is not None and self.listed.is_open:
            self.listed.move(by)
            return
        around = [*self.keys, RUN]
        index = around.index(self.cursor) if self.cursor in around else len(self.keys)
        self.go_to(around[(index + by) % len(around)])

    def refresh(self) -> None:
        """Follow the form, which has changed: new answers for a list, other fields."""
        if self.listed is not None and self.editor is not None:
            self.listed.refresh(self.editor.text)
        elif self.kind in ("text", "choice") and not self.exists(self.cursor):
            self.go_to(role_of(self.cursor) or RUN)

    def exists(self, path: str) -> bool:
        """Whether the form has a field."""
        try:
            self.form.text(path)
        except KeyError:
            return False
        return True

    # text

    def handles(self, key: str, character: str | None) -> bool:
        """Whether a key edits the text or picks a value by its first letter."""
        if self.editor is not None:
            return self.editor.handles(key) or is_typed(character)
        return self.kind == "choice" and is_typed(character) and key != "space"

    def press(self, key: str, character: str | None) -> None:
        """Edit the text, or pick a value by its first letter."""
        if self.editor is None:
            self._pick_by_letter(character or "")
        elif is_typed(character):
            self.type(character or "")
        else:
            before = self.editor.text
            self.editor.press(key)
            self._edited(before)

    def type(self, text: str) -> None:
        """Put a text in at the cursor."""
        if self.editor is not None:
            before = self.editor.text
            self.editor.type(text)
            self._edited(before)

    def replace(self, text: str) -> None:
        """Replace the text."""
        if self.editor is not None:
            before = self.editor.text
            self.editor.replace(text)
            self._edited(before)

    def _edited(self, before: str) -> None:
        if self.editor is None or self.editor.text == before:
            return
        self.form.edit(self.cursor, self.editor.text)
        if self.listed is not None:
            self.listed.open(self.editor.text)

    # lists

    def open_list(self) -> None:
        """List what the target may become."""
        if self.listed is not None and self.editor is not None:
            self.listed.open(self.editor.text)

    def close_list(self) -> None:
        """Close the list."""
        if self.listed is not None:
            self.listed.close()

    def pick(self) -> None:
        """Put the highlighted entry in; a folder or a file opens the next list."""
        if self.listed is None or self.editor is None:
            return
        entry = self.listed.pick()
        self.listed.close()
        self.editor.replace(entry.text)
        self.form.edit(self.cursor, entry.text)
        if entry.open:
            self.open_list()

    # choices and folds

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of the row with the cursor; () where it has none to choose from."""
        if (
            self.cursor == RUN
            or self.cursor.startswith("fold:")
            or role_of(self.cursor) == self.cursor
        ):
            return ()
        choices = choices_of(self.form.field(self.cursor))
        text = self.form.text(self.cursor)
        if not choices or text in choices:
            return choices
        return (text, *choices)

    def turn(self, by: int) -> None:
        """Go to another value; the first follows the last."""
        choices = self.choices
        if choices:
            index = choices.index(self.form.text(self.cursor)) + by
            self.form.edit(self.cursor, choices[index % len(choices)])

    def _pick_by_letter(self, letter: str) -> None:
        """Go to the next value that starts with a letter."""
        choices = self.choices
        here = choices.index(self.form.text(self.cursor))
        for choice in choices[here + 1 :] + choices[: here + 1]:
            if choice.lower().startswith(letter.lower()):
                self.form.edit(self.cursor, choice)
                return

    def toggle(self) -> None:
        """Open or close the fold that the cursor stands on."""
        self.form.opened ^= {self.cursor.partition(":")[2]}


def is_typed(character: str | None) -> bool:
    """Whether a key is one that types."""
    return character is not None and character.isprintable()
