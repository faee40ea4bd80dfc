"""Form: the texts that stand in the setup form, and the spec that they make. No widgets: the screen edits texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lrtui.catalog import toml
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.infer import INFERABLE, Facts, infer_args
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.targets import split
from lrtui.catalog.values import check, parse, show
from lrtui.spec import Choice, LoaderSpec, Problem, RunSpec, problems
from lrtui.tui.form.fields import EXTRA, OWN, ROLES
from lrtui.tui.form.prefill import Prefill


def at(spec: RunSpec, path: str) -> Any:
    """The value of a dotted field."""
    value: Any = spec
    for name in path.split("."):
        value = getattr(value, name)
    return value


def text_of(path_field: Field, value: Any) -> str:
    """A value as it is typed; a learning rate of 1e-7 stays short."""
    return (
        f"{value:g}"
        if isinstance(value, float) and float(f"{value:g}") == value
        else show(path_field, value)
    )


@dataclass
class Form:
    """What was typed. `texts` holds the six targets by role, and the run's own fields by their dotted path."""

    base: RunSpec
    texts: dict[str, str] = field(default_factory=dict)
    args: dict[tuple[str, str], dict[str, str]] = field(
        default_factory=dict
    )  # (role, target) → field → text
    fits: dict[str, Any] = field(
        default_factory=dict
    )  # what the data asks for in the model's parameters

    def __post_init__(self) -> None:
        self.texts = {role: at(self.base, role).target for role in ROLES}
        self.texts |= {path: text_of(own, at(self.base, path)) for path, own in OWN.items()}
        self.brought = Prefill(self.texts)

    def set(self, path: str, text: str) -> None:
        """A target or a field of the run was edited."""
        if text != self.texts[path]:
            self.texts[path] = text
            self.brought.touched.add(path)

    def bring(self, table: Mapping[str, Any]) -> None:
        """Put what a model's file says it is run with in the place of what the last one said."""
        self.brought.replace(self.texts, table)

    def arg_text(self, role: Role, parameter: Field) -> str:
        """What stands in a parameter's field: typed, else given by the spec, else its default."""
        typed = self._typed(role)
        if parameter.name in typed:
            return typed[parameter.name]
        given = self._given(role)
        if parameter.name in given:
            return text_of(parameter, given[parameter.name])
        return self._untouched(role, parameter)

    def extra_text(self, role: Role, offer: Offer) -> str:
        """The arguments beyond an offer's fields, as a TOML table."""
        extra = self._beyond(role, offer)
        return self._typed(role).get(EXTRA.name, toml.write(extra) if extra else "")

    def set_arg(self, role: Role, name: str, text: str) -> None:
        """A parameter was edited. What was typed for one target is still there when it is picked again."""
        typed = self.args.setdefault((role, self.texts[role]), {})
        if role == "model" and name in self.fits and not text.strip():
            typed.pop(name, None)  # emptied: the data's value is back
        else:
            typed[name] = text

    def learn(self, offer: Offer | None, facts: Facts | None) -> bool:
        """Take from the data what it says about the model's parameters; True when that is news."""
        fits = infer_args(offer.fields, facts, {}) if offer and facts else {}
        news, self.fits = fits != self.fits, fits
        return news

    def hint(self, role: Role, parameter: Field) -> str:
        """What an empty field stands for."""
        if role == "model" and parameter.name in self.fits:
            return f"{text_of(parameter, self.fits[parameter.name])} from data"
        return "required" if parameter.required else parameter.default_text

    def data(self, offer: Offer | None) -> Choice | None:
        """The data that is picked, None while something is wrong with it."""
        wrong: list[Problem] = []
        choice = self._choice("data", offer, wrong)
        return None if wrong else choice

    def loader(self) -> LoaderSpec:
        """How the form says that batches are made, as far as it can be read."""
        values: dict[str, Any] = {}
        for name in ("batch_size", "subset", "val_fraction"):
            wrong: list[Problem] = []
            value = _parsed(OWN[f"loader.{name}"], name, self.texts[f"loader.{name}"], wrong)
            values |= {} if wrong or value < 0 else {name: value}
        return LoaderSpec(**values)

    def spec(self, offers: Mapping[Role, Offer | None]) -> tuple[RunSpec | None, list[Problem]]:
        """The spec that the texts make, and all that is wrong with them; no spec where a text is no value."""
        found: list[Problem] = []
        values: dict[str, Any] = {}
        for path, own in OWN.items():
            values[path] = _parsed(own, path, self.texts[path], found)
        for role in ROLES:
            values[role] = self._choice(role, offers.get(role), found)
        if found:
            return None, found
        spec = _with(self.base, values)
        return spec, problems(spec)

    def _typed(self, role: Role) -> dict[str, str]:
        return self.args.get((role, self.texts[role]), {})

    def _given(self, role: Role) -> dict[str, Any]:
        choice: Choice = at(self.base, role)
        brought = self.brought.args.get((role, self.texts[role]), {})
        return {**brought, **(choice.args if choice.target == self.texts[role] else {})}

    def _beyond(self, role: Role, offer: Offer) -> dict[str, Any]:
        known = {parameter.name for parameter in offer.fields}
        return {name: value for name, value in self._given(role).items() if name not in known}

    def _untouched(self, role: Role, parameter: Field) -> str:
        """What a field shows untouched; what comes from the data is its hint."""
        return "" if role == "model" and parameter.name in self.fits else default_text(parameter)

    def _choice(self, role: Role, offer: Offer | None, found: list[Problem]) -> Choice:
        target = self.texts[role].strip()
        if not (role not in ("model", "data", "optimizer") and target in ("auto", "none")):
            try:
                split(target)
            except CatalogError as error:
                found.append(Problem(role, str(error)))
        if offer is None:
            return Choice(target, dict(self._given(role)))
        before = len(found)
        args = self._args(role, offer, found)
        if len(found) == before:
            filled = {**(self.fits if role == "model" else {}), **args}
            found += [
                Problem(f"{role}.{wrong.field}", wrong.message) for wrong in check(offer, filled)
            ]
        return Choice(target, args)

    def _args(self, role: Role, offer: Offer, found: list[Problem]) -> dict[str, Any]:
        """The arguments that differ from their defaults: a saved spec says what was chosen, and no more."""
        args = self._extra(role, offer, found)
        for parameter in offer.fields:
            text = self.arg_text(role, parameter)
            if text == self._untouched(role, parameter) and not self._explicit(role, parameter):
                continue
            value = _parsed(parameter, f"{role}.{parameter.name}", text, found)
            kept = parameter.required or value != parameter.default or parameter.default_text
            if kept or self._explicit(role, parameter):
                args[parameter.name] = value
        return args

    def _explicit(self, role: Role, parameter: Field) -> bool:
        """Whether a person gave what would else come from the data; then even the default is worth saying."""
        given = parameter.name in self._typed(role) or parameter.name in self._given(role)
        return role == "model" and parameter.name in INFERABLE and given

    def _extra(self, role: Role, offer: Offer, found: list[Problem]) -> dict[str, Any]:
        """The arguments beyond the fields: those of the spec, or what was typed in their place."""
        typed = self._typed(role).get(EXTRA.name)
        if typed is None:
            return self._beyond(role, offer)
        value = _parsed(EXTRA, f"{role}.{EXTRA.name}", typed, found) if typed.strip() else {}
        if value is not None and not isinstance(value, dict):
            found.append(
                Problem(f"{role}.{EXTRA.name}", "expected a TOML table, such as {depth = 3}")
            )
        return dict(value) if isinstance(value, dict) else {}


def default_text(parameter: Field) -> str:
    """What a field shows untouched; a required one is empty, and so is a default that is no plain data."""
    if parameter.required or parameter.default_text:
        return ""
    return text_of(parameter, parameter.default)


def _parsed(parameter: Field, path: str, text: str, found: list[Problem]) -> Any:
    try:
        return parse(parameter, text)
    except ValueError as error:
        found.append(Problem(path, str(error)))
        return None


def _with(spec: RunSpec, values: dict[str, Any]) -> RunSpec:
    """The spec with dotted fields replaced."""
    inner: dict[str, dict[str, Any]] = {"range": {}, "loader": {}}
    outer: dict[str, Any] = {}
    for path, value in values.items():
        head, dot, name = path.partition(".")
        if dot:
            inner[head][name] = value
        else:
            outer[head] = value
    replace = msgspec.structs.replace
    return replace(
        spec,
        range=replace(spec.range, **inner["range"]),
        loader=replace(spec.loader, **inner["loader"]),
        **outer,
    )
