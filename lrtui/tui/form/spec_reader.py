"""SpecReader: the spec that the texts of the form make, and everything that is wrong with them."""

from collections.abc import Mapping
from typing import Any

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.targets import split
from lrtui.catalog.values import check, parse
from lrtui.spec import REQUIRED_CHOICES, Choice, LoaderSpec, Problem, RunSpec
from lrtui.specfields import declaration_of, with_values
from lrtui.specproblems import problems
from lrtui.tui.form.fields import EXTRA, ROLES, SETTINGS
from lrtui.tui.form.state import FormState

_LOOK_SETTINGS = ("batch_size", "subset", "val_fraction")  # what a look at the data depends on


def read_spec(
    state: FormState, offers: Mapping[Role, Offer | None]
) -> tuple[RunSpec | None, list[Problem]]:
    """The spec that the texts make, and all that is wrong; None where a text cannot be read."""
    reader = SpecReader(state)
    values: dict[str, object] = {}
    for path, field in SETTINGS.items():
        values[path] = reader.value(field, path, state.texts[path])
    for role in ROLES:
        values[role] = reader.choice(role, offers.get(role))
    if reader.problems:
        return None, reader.problems
    spec = with_values(state.spec, values)
    return spec, problems(spec)


def read_data(state: FormState, offer: Offer | None) -> Choice | None:
    """The data in the form; None where something is wrong with it."""
    reader = SpecReader(state)
    choice = reader.choice("data", offer)
    if reader.problems:
        return None
    return choice


def read_loader(state: FormState) -> LoaderSpec:
    """How batches are made; the default for a setting that is wrong."""
    values: dict[str, Any] = {}
    for name in _LOOK_SETTINGS:
        path = f"loader.{name}"
        reader = SpecReader(state)
        value = reader.value(SETTINGS[path], path, state.texts[path])
        if not reader.problems and not declaration_of(path).problem(value):
            values[name] = value
    return LoaderSpec(**values)


class SpecReader:
    """Reads texts of a form. `problems` collects what is wrong with them."""

    def __init__(self, state: FormState) -> None:
        self.state = state
        self.problems: list[Problem] = []

    def value(self, field: Field, path: str, text: str) -> Any:
        """The value of a text; None, and a problem, where it has none."""
        try:
            return parse(field, text)
        except ValueError as error:
            self.problems.append(Problem(path, str(error)))
            return None

    def choice(self, role: Role, offer: Offer | None) -> Choice:
        """A target and its arguments; without an offer they cannot be checked."""
        target = self.state.texts[role].strip()
        self._check_target(role, target)
        if offer is None:
            return Choice(target, self.state.given_args(role))
        before = len(self.problems)
        args = self._args(role, offer)
        if len(self.problems) == before:
            self._check_args(role, offer, args)
        return Choice(target, args)

    def _check_target(self, role: Role, target: str) -> None:
        if role not in REQUIRED_CHOICES and target in ("auto", "none"):
            return
        try:
            split(target)
        except CatalogError as error:
            self.problems.append(Problem(role, str(error)))

    def _check_args(self, role: Role, offer: Offer, args: Mapping[str, Any]) -> None:
        if role == "model":
            args = {**self.state.data_values, **args}
        for wrong in check(offer, args):
            self.problems.append(Problem(f"{role}.{wrong.field}", wrong.message))

    def _args(self, role: Role, offer: Offer) -> dict[str, Any]:
        """The arguments that differ from their defaults: a saved spec says only what was chosen."""
        args = self._extra_args(role, offer)
        for field in offer.fields:
            text = self.state.arg_text(role, field)
            explicit = self.state.is_explicit(role, field)
            if text == self.state.untouched_text(role, field) and not explicit:
                continue
            value = self.value(field, f"{role}.{field.name}", text)
            is_default = value == field.default and not field.default_text
            if field.required or explicit or not is_default:
                args[field.name] = value
        return args

    def _extra_args(self, role: Role, offer: Offer) -> dict[str, Any]:
        """The arguments beyond the fields: typed as a TOML table, else those of the spec."""
        text = self.state.typed_args(role).get(EXTRA.name)
        if text is None:
            return self.state.extra_args(role, offer)
        if not text.strip():
            return {}
        path = f"{role}.{EXTRA.name}"
        before = len(self.problems)
        value = self.value(EXTRA, path, text)
        if isinstance(value, dict):
            return dict(value)
        if len(self.problems) == before:
            self.problems.append(Problem(path, "expected a TOML table, such as {depth = 3}"))
        return {}
