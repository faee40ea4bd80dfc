"""FormState: the texts in the setup form. No widgets: they show and edit these texts."""

from collections.abc import Mapping
from typing import Any

from lrtui.catalog import toml
from lrtui.catalog.infer import INFERABLE, Facts, infer_args
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.spec import Choice, RunSpec
from lrtui.specfields import value_at
from lrtui.tui.form.fields import EXTRA, ROLES, SETTINGS, default_text, text_of
from lrtui.tui.form.prefill import Prefill


class FormState:
    """What was typed, and what stands in a field where nothing was.

    Attributes:
        spec: the spec that the form was opened with.
        texts: the targets by role, and the settings by their dotted path.
        data_values: values of the model's parameters that the data determines.
        prefill: what the model's file put into the texts.
    """

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.texts: dict[str, str] = {}
        for role in ROLES:
            self.texts[role] = value_at(spec, role).target
        for path, field in SETTINGS.items():
            self.texts[path] = text_of(field, value_at(spec, path))
        self.data_values: dict[str, Any] = {}
        self.prefill = Prefill()
        self._typed: dict[tuple[Role, str], dict[str, str]] = {}  # by role and target

    def set(self, path: str, text: str) -> None:
        """A target or a setting was edited."""
        if text != self.texts[path]:
            self.texts[path] = text
            self.prefill.touched.add(path)

    def set_arg(self, role: Role, name: str, text: str) -> None:
        """An argument was edited. It is kept for the target, and back when that is picked again."""
        typed = self._typed.setdefault((role, self.texts[role]), {})
        if role == "model" and name in self.data_values and not text.strip():
            typed.pop(name, None)  # emptied: back to the value from the data
        else:
            typed[name] = text

    def use_model_spec(self, table: Mapping[str, Any]) -> None:
        """Replace the `SPEC` of the last model's file by this one."""
        self.prefill.replace(self.texts, table)

    def use_data_facts(self, offer: Offer | None, facts: Facts | None) -> bool:
        """Infer arguments of the model from the data; True where they are others than before."""
        values: dict[str, Any] = {}
        if offer and facts:
            values = infer_args(offer.fields, facts, {})
        changed = values != self.data_values
        self.data_values = values
        return changed

    def arg_text(self, role: Role, field: Field) -> str:
        """The text of an argument: typed, else from the spec, else its default."""
        typed = self.typed_args(role)
        if field.name in typed:
            return typed[field.name]
        given = self.given_args(role)
        if field.name in given:
            return text_of(field, given[field.name])
        return self.untouched_text(role, field)

    def extra_text(self, role: Role, offer: Offer) -> str:
        """The arguments beyond an offer's fields, as a TOML table."""
        typed = self.typed_args(role)
        if EXTRA.name in typed:
            return typed[EXTRA.name]
        extra = self.extra_args(role, offer)
        if not extra:
            return ""
        return toml.write(extra)

    def untouched_text(self, role: Role, field: Field) -> str:
        """The text of an untouched field. A value from the data is shown as its hint instead."""
        if self.is_from_data(role, field):
            return ""
        return default_text(field)

    def hint(self, role: Role, field: Field) -> str:
        """What an empty field means."""
        if self.is_from_data(role, field):
            return f"{text_of(field, self.data_values[field.name])} from data"
        if field.required:
            return "required"
        return field.default_text

    def typed_args(self, role: Role) -> Mapping[str, str]:
        """The arguments that were typed for the target in the form."""
        return self._typed.get((role, self.texts[role]), {})

    def given_args(self, role: Role) -> dict[str, Any]:
        """The arguments of the target in the form that come from a spec or the model's file."""
        target = self.texts[role]
        args = dict(self.prefill.args.get((role, target), {}))
        choice: Choice = value_at(self.spec, role)
        if choice.target == target:
            args |= choice.args
        return args

    def extra_args(self, role: Role, offer: Offer) -> dict[str, Any]:
        """The given arguments beyond an offer's fields."""
        args = self.given_args(role)
        for field in offer.fields:
            args.pop(field.name, None)
        return args

    def is_from_data(self, role: Role, field: Field) -> bool:
        """Whether the data determines an argument."""
        return role == "model" and field.name in self.data_values

    def is_explicit(self, role: Role, field: Field) -> bool:
        """Whether a person gave an argument of a name that the data may determine.

        Then the spec keeps even its default.
        """
        if role != "model" or field.name not in INFERABLE:
            return False
        return field.name in self.typed_args(role) or field.name in self.given_args(role)
