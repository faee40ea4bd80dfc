"""Paint: rows of the form as lines."""

from rich.cells import cell_len

from lrtui.tui.clean import clean
from lrtui.tui.form.editor import LineEditor
from lrtui.tui.form.form import Form
from lrtui.tui.form.page.line import Line, Look, Piece, fit
from lrtui.tui.form.page.rows import FieldRow, FoldRow, NoteRow, Row, TargetRow

GUTTER = 11  # columns of the names of the sections
LABEL = 20  # columns of the name of a field
_ROOM_FOR_HELP = 84  # columns of a form that has room for the help of every field
_VALUE = 26  # columns of a value beside its help


def paint(form: Form, row: Row, width: int, editor: LineEditor | None, *, here: bool) -> Line:
    """A row; `editor` holds the text of the row with the cursor, where that is text."""
    match row:
        case TargetRow():
            value = _target(form, row, width - GUTTER, editor)
            return (_gutter(row.section, here=here), *value)
        case FieldRow():
            return (_gutter(row.section), *_field(form, row, width - GUTTER, editor, here=here))
        case FoldRow():
            return (_gutter(""), *_fold(row, width - GUTTER, here=here))
        case NoteRow():
            return (_gutter(""), (fit(clean(row.text), width - GUTTER), row.look))
    return ()


def value_room(row: Row, width: int) -> int:
    """Columns for the value of a row."""
    if isinstance(row, TargetRow):
        return width - GUTTER
    room = width - GUTTER - LABEL
    if width >= _ROOM_FOR_HELP:
        return _VALUE
    return room


def _gutter(name: str, *, here: bool = False) -> Piece:
    look: Look = "here" if here else "bold"
    if name == "loss" and not here:
        look = "plain"  # the quiet one of the four: `auto` mostly fits
    return (name.ljust(GUTTER), look)


def _target(form: Form, row: TargetRow, width: int, editor: LineEditor | None) -> Line:
    if editor is not None:
        return _edited(editor, width, "")
    text = fit(clean(form.text(row.key)), width)
    room = width - cell_len(text) - 3
    if not row.note or room < 1:
        return ((text, "plain"),)
    return ((text, "plain"), ("   " + fit(clean(row.note), room), "dim"))


def _field(form: Form, row: FieldRow, width: int, editor: LineEditor | None, *, here: bool) -> Line:
    room = value_room(row, width + GUTTER)
    value = _value(form, row, room, editor, here=here)
    line = (_label(form, row, here=here), *value)
    if not row.field.help or width + GUTTER < _ROOM_FOR_HELP:
        return line
    gap = room + 2 - sum(cell_len(text) for text, _ in value)
    help_text = fit(clean(row.field.help), width - LABEL - room - 2)
    return (*line, (" " * gap, "plain"), (help_text, "dim"))


def _label(form: Form, row: FieldRow, *, here: bool) -> Piece:
    name = clean(row.field.name)
    if row.field.required:
        name += " *"
    look: Look = "here" if here else "dim"
    if row.key in form.errors:
        look = "error"
    name = fit(name, LABEL - 1)
    return (name + " " * (LABEL - cell_len(name)), look)


def _value(form: Form, row: FieldRow, room: int, editor: LineEditor | None, *, here: bool) -> Line:
    hint = clean(form.hint(row.key))
    if editor is not None:
        return _edited(editor, room, hint)
    text = clean(form.text(row.key))
    if row.choices:
        look: Look = "reverse" if here else "plain"
        return (("‹ ", "dim"), (fit(text, room - 4) or " ", look), (" ›", "dim"))
    if not text:
        return ((fit(hint, room), "dim"),)
    return ((fit(text, room), "plain"),)


def _edited(editor: LineEditor, room: int, hint: str) -> Line:
    if not editor.text:
        return ((hint[:1] or " ", "reverse"), (fit(hint[1:], room - 1), "dim"))
    view = editor.view(room)
    return ((view.before, "plain"), (view.under, "reverse"), (view.after, "plain"))


def _fold(row: FoldRow, width: int, *, here: bool) -> Line:
    arrow = "▾" if row.is_open else "▸"
    head = f"{arrow} {len(row.names)} more"
    look: Look = "reverse" if here else "plain"
    if row.is_open:
        return ((head, look),)
    names = clean(", ".join(row.names))
    return ((head, look), (fit(f"  {names}", width - len(head)), "dim"))
