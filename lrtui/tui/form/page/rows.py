"""Rows: what stands on the form, from top to bottom. A row with a key can have the cursor."""

from dataclasses import dataclass

from lrtui.catalog.offers import Field, Role
from lrtui.tui.form.page.line import Look

_NO_FIELD = Field(name="", kind="other")
RUN = "run"  # the key of the run button


@dataclass(frozen=True)
class Row:
    """An empty row. `section` is the name in the gutter, "" below the first row of a section."""

    key: str = ""
    section: str = ""


@dataclass(frozen=True)
class TargetRow(Row):
    """The target of a role: text with a list of what it may become."""

    role: Role = "model"
    note: str = ""  # beside a short target


@dataclass(frozen=True)
class FieldRow(Row):
    """A setting or an argument."""

    field: Field = _NO_FIELD

    @property
    def choices(self) -> tuple[str, ...]:
        """The values to pick from; () for a field to type into."""
        return choices_of(self.field)


@dataclass(frozen=True)
class FoldRow(Row):
    """Fields that are folded away, or shown below this row."""

    names: tuple[str, ...] = ()
    is_open: bool = False


@dataclass(frozen=True)
class NoteRow(Row):
    """A line of text that belongs to the row above."""

    text: str = ""
    look: Look = "dim"


def choices_of(field: Field) -> tuple[str, ...]:
    """The values to pick from; () for a field to type into."""
    choices = field.choices
    if field.kind == "bool":
        choices = ("false", "true")
    if choices and field.optional:
        return ("none", *choices)
    return choices


def type_text(field: Field) -> str:
    """What a field takes, in words."""
    if field.kind == "other":
        return f"{field.annotation or 'any value'}, written as TOML"
    return " or ".join(choices_of(field)) or field.annotation or field.kind
