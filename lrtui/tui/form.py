"""Form: the texts that stand in the setup form, and the spec that they make. No widgets: the screen edits texts."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offer import Field, Offer
from lrtui.catalog.target import split
from lrtui.catalog.values import check, parse, show
from lrtui.spec import Choice, Problem, RunSpec, problems
from lrtui.tui.fields import OWN, ROLES


def at(spec: RunSpec, path: str) -> Any:
    """The value of a dotted field."""
    value: Any = spec
    for name in path.split("."):
        value = getattr(value, name)
    return value


def text_of(path_field: Field, value: Any) -> str:
    """A value as it is typed; a learning rate of 1e-7 stays short."""
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else show(path_field, value)


@dataclass
class Form:
    """What was typed. `base` keeps whatever of a spec the form does not show."""

    base: RunSpec
    targets: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    args: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # (role, target) → field → text

    def __post_init__(self) -> None:
        self.targets = {role: at(self.base, role).target for role in ROLES}
        self.own = {path: text_of(own, at(self.base, path)) for path, own in OWN.items()}

    def arg_text(self, role: str, parameter: Field) -> str:
        """What stands in a parameter's field: typed, else given by the spec, else its default."""
        typed = self.args.get((role, self.targets[role]), {})
        if parameter.name in typed:
            return typed[parameter.name]
        given = self._given(role)
        if parameter.name in given:
            return text_of(parameter, given[parameter.name])
        return default_text(parameter)

    def set_arg(self, role: str, name: str, text: str) -> None:
        """A parameter was edited. What was typed for one target is still there when it is picked again."""
        self.args.setdefault((role, self.targets[role]), {})[name] = text

    def _given(self, role: str) -> dict[str, Any]:
        choice: Choice = at(self.base, role)
        return choice.args if choice.target == self.targets[role] else {}

    def spec(self, offers: dict[str, Offer | None]) -> tuple[RunSpec | None, list[Problem]]:
        """The spec that the texts make, and all that is wrong with them; no spec where a text is no value."""
        found: list[Problem] = []
        values: dict[str, Any] = {}
        for path, own in OWN.items():
            values[path] = _parsed(own, path, self.own[path], found)
        for role in ROLES:
            values[role] = self._choice(role, offers.get(role), found)
        if found:
            return None, found
        spec = _with(self.base, values)
        return spec, problems(spec)

    def _choice(self, role: str, offer: Offer | None, found: list[Problem]) -> Choice:
        target = self.targets[role].strip()
        if not (role == "loss" and target in ("auto", "none")):
            try:
                split(target)
            except CatalogError as error:
                found.append(Problem(role, str(error)))
        if offer is None:
            return Choice(target, dict(self._given(role)))
        before = len(found)
        args = self._args(role, offer, found)
        if len(found) == before:
            found += [Problem(f"{role}.{wrong.field}", wrong.message) for wrong in check(offer, args)]
        return Choice(target, args)

    def _args(self, role: str, offer: Offer, found: list[Problem]) -> dict[str, Any]:
        """The arguments that differ from their defaults: a saved spec says what was chosen, and no more."""
        args = {name: value for name, value in self._given(role).items() if name not in {f.name for f in offer.fields}}
        for parameter in offer.fields:
            text = self.arg_text(role, parameter)
            if text == default_text(parameter):
                continue
            value = _parsed(parameter, f"{role}.{parameter.name}", text, found)
            if parameter.required or value != parameter.default or parameter.default_text:
                args[parameter.name] = value
        return args


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
        spec, range=replace(spec.range, **inner["range"]), loader=replace(spec.loader, **inner["loader"]), **outer
    )
