"""Sections: which rows the form has now.

Of each choice it shows the arguments that matter for a range test, those that differ from their
defaults and those that are wrong. A fold holds the rest.
"""

from collections.abc import Iterator

from lrtui.catalog.infer import INFERABLE
from lrtui.catalog.offers import Field, Role
from lrtui.tui.clean import clean
from lrtui.tui.form.fields import (
    BATCH_SIZE,
    FEW,
    MAIN_ROLES,
    MATTER,
    MORE,
    MORE_ROLES,
    PLAN,
    RANGE,
)
from lrtui.tui.form.form import Form
from lrtui.tui.form.page.line import Look, wrapped
from lrtui.tui.form.page.notes import changed_by_pick, error_at, kept_text, note_at, note_beside
from lrtui.tui.form.page.rows import FieldRow, FoldRow, NoteRow, Row, TargetRow

_MOST_NOTE_LINES = 4
_SETTINGS = "settings"  # the name of the fold of everything that belongs to no choice


class Sections:
    """Makes the rows of a form.

    Args:
        form: what is filled in.
        cursor: the path of the row with the cursor: its row stays where it is.
        width: columns for notes, which are broken into lines.
        roomy: an empty row between two sections.
    """

    def __init__(self, form: Form, cursor: str, width: int, *, roomy: bool) -> None:
        self.form = form
        self.cursor = cursor
        self.width = width
        self.roomy = roomy

    def rows(self) -> list[Row]:
        """Every row, from top to bottom."""
        sections = [self._choice(role) for role in MAIN_ROLES]
        sections += [self._settings("plan", PLAN), self._settings("test", RANGE)]
        rows: list[Row] = []
        for section in sections:
            if rows and self.roomy:
                rows.append(Row())
            rows += section
        return [*rows, *self._more()]

    def _choice(self, role: Role) -> Iterator[Row]:
        """A target, what it is, and its arguments."""
        yield TargetRow(role, role, role, note_beside(self.form, role))
        yield from self._target_notes(role)
        fields = {f"{role}.{field.name}": field for field in self.form.fields(role)}
        shown = self._shown(role, fields)
        for path in shown:
            yield from self._field(path, fields.pop(path))
        if role == "data":
            yield from self._fields(BATCH_SIZE)
        yield from self._fold(role, fields)

    def _target_notes(self, role: Role) -> Iterator[Row]:
        if said := changed_by_pick(self.form, role):
            yield from self._wrapped(said, "accent")
        if role == "model" and (kept := kept_text(self.form)):
            yield from self._wrapped(kept, "accent")
        error = error_at(self.form, role) or self.form.errors.get(role, "")
        if error:
            yield from self._wrapped(error, "error")
        elif note := note_at(self.form, role):
            yield NoteRow(text=note)

    def _shown(self, role: Role, fields: dict[str, Field]) -> list[str]:
        """The paths of the arguments that are not folded away."""
        if len(fields) <= FEW:
            return list(fields)
        is_open = role in self.form.opened
        shown = []
        for path, field in fields.items():
            if self._matters(role, field) or (not is_open and self._is_set(path)):
                shown.append(path)
        return shown

    def _matters(self, role: Role, field: Field) -> bool:
        if field.required:
            return True
        if role == "model" and field.name in INFERABLE:  # the data determines it
            return True
        return field.name in MATTER.get(role, ())

    def _is_set(self, path: str) -> bool:
        return path == self.cursor or path in self.form.errors or not self.form.is_default(path)

    def _settings(self, name: str, fields: dict[str, Field]) -> Iterator[Row]:
        """The settings of a section; those of the closed fold that are set stand here too."""
        shown = dict(fields)
        if _SETTINGS not in self.form.opened:
            shown |= {path: field for path, field in MORE[name].items() if self._is_set(path)}
        yield from self._fields(shown, name)

    def _more(self) -> Iterator[Row]:
        """The fold of the other settings, with the two choices that most runs leave alone."""
        if _SETTINGS in self.form.opened:
            yield self._settings_fold(is_open=True)
            yield from self._all_settings()
            return
        for role in MORE_ROLES:
            if self._is_set(role) or self._has_cursor(role):
                yield from self._choice(role)
        for name in ("batches", "machine", "rest"):
            set_here = {path: field for path, field in MORE[name].items() if self._is_set(path)}
            yield from self._fields(set_here, name)
        yield self._settings_fold(is_open=False)

    def _all_settings(self) -> Iterator[Row]:
        for name, fields in MORE.items():
            if name == "rest":
                for role in MORE_ROLES:
                    yield from self._choice(role)
            yield from self._fields(fields, name)

    def _settings_fold(self, *, is_open: bool) -> Row:
        names: list[str] = []
        for fields in MORE.values():
            names += [field.name for path, field in fields.items() if not self._is_set(path)]
        names += [role for role in MORE_ROLES if not self._is_set(role)]
        first = ("device", "repeats", "val", "metric", "step")
        ordered = sorted(names, key=lambda name: name not in first)
        return FoldRow(f"fold:{_SETTINGS}", "", tuple(ordered), is_open)

    def _has_cursor(self, role: Role) -> bool:
        return self.cursor.partition(".")[0] == role

    def _fold(self, role: Role, fields: dict[str, Field]) -> Iterator[Row]:
        if not fields:
            return
        is_open = role in self.form.opened
        names = tuple(field.name for field in fields.values())
        yield FoldRow(f"fold:{role}", "", names, is_open)
        if is_open:
            yield from self._fields(fields)

    def _fields(self, fields: dict[str, Field], section: str = "") -> Iterator[Row]:
        """The section's name stands beside its first field."""
        for path in fields:
            yield from self._field(path, self.form.field(path), section)
            section = ""

    def _field(self, path: str, field: Field, section: str = "") -> Iterator[Row]:
        yield FieldRow(path, section, field)
        if path in self.form.errors:
            yield from self._wrapped(self.form.errors[path], "error")
        elif said := changed_by_pick(self.form, path):
            yield from self._wrapped(said, "accent")

    def _wrapped(self, message: str, look: Look) -> Iterator[Row]:
        for line in wrapped(clean(message), self.width, _MOST_NOTE_LINES):
            yield NoteRow(text=line, look=look)
