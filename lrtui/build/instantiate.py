"""From a choice to a live object: import its target, check its arguments, call it."""

import enum
import functools
import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace

from lrtui.build import importing, introspect
from lrtui.build.signatures import annotations_of, enums_in, offer_of
from lrtui.build.types import Factory
from lrtui.catalog import guard
from lrtui.catalog.errors import CatalogError, PhaseError, one_line, with_user_line
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.targets import Notice
from lrtui.catalog.values import check
from lrtui.spec import Choice


@dataclass(frozen=True)
class Picked:
    """A choice of a spec, and the class or function that its target names."""

    role: Role
    choice: Choice
    factory: Factory
    device: torch.device | None = None  # of the tensors among the arguments

    @property
    def target(self) -> str:
        """The target `where:what`, as messages name it."""
        return self.choice.target

    @functools.cached_property
    def offer(self) -> Offer:
        """The parameters of the factory that a person may set."""
        return offer_of(self.factory, self.target, self.role)

    def with_args(self, args: Mapping[str, object]) -> "Picked":
        """The same pick with other arguments."""
        choice = replace(self.choice, args=dict(args))
        return Picked(self.role, choice, self.factory, self.device)

    def checked_args(self) -> dict[str, object]:
        """The arguments of the choice, with the types that the signature asks for.

        Raises:
            PhaseError: an argument is unknown, missing or of the wrong type.
        """
        for problem in check(self.offer, self.choice.args):
            raise PhaseError(self.role, f"{self.target}: {problem.field}: {problem.message}")
        try:
            args = typed_args(self.factory, self.offer, self.choice.args)
        except TypeError as error:
            raise PhaseError(self.role, f"{self.target}: {error}") from None
        for name, value in args.items():
            if isinstance(value, torch.Tensor):
                args[name] = value.to(self.device)
        return args

    def call(self, *positional: object, **keywords: object) -> object:
        """Call the factory with the arguments of the choice, after those that the test passes.

        Raises:
            PhaseError: the arguments do not fit, or the call raised anything (sys.exit included).
        """
        args = self.checked_args()
        try:
            return self.factory(*positional, **keywords, **args)
        except PhaseError:
            raise
        except CatalogError as error:
            message = str(error)
            if not message.startswith(self.target):
                message = f"{self.target}: {message}"
            raise PhaseError(self.role, message) from error
        except BaseException as error:
            message = f"{self.target} failed: {one_line(error)}"
            message = with_user_line(message, error, _folder_of(self.factory))
            raise PhaseError(self.role, message) from error


def import_choice(role: Role, choice: Choice, notice: Notice) -> Picked:
    """Import what a choice names; PhaseError if that fails, or was not agreed to."""
    try:
        guard.check(role, choice)
        factory = importing.load(choice.target, notice)
        if not introspect.may_be_used(choice.target, factory, role):
            guard.check_unlisted(choice)
        return Picked(role, choice, factory)
    except CatalogError as error:
        raise PhaseError(role, str(error)) from error


def make_scorer(
    role: Role, choice: Choice, notice: Notice, device: torch.device | None = None
) -> Factory:
    """A criterion, metric or step: a class is instantiated, a function gets its arguments bound.

    Lists become tensors on the `device` where the signature asks for tensors.

    Raises:
        PhaseError: it cannot be imported or made, or its class makes something that is not
        callable.
    """
    imported = import_choice(role, choice, notice)
    picked = Picked(role, choice, imported.factory, device)
    if not inspect.isclass(picked.factory):
        return _bound(picked)
    scorer = picked.call()
    if not callable(scorer):
        message = f"{picked.target} made a {type(scorer).__name__}, which cannot be called"
        raise PhaseError(role, message)
    return scorer


def _bound(picked: Picked) -> Factory:
    """The function with every parameter bound that the test does not pass.

    The number of parameters that are left then says what a step takes.
    """
    defaults: dict[str, object] = {}
    for field in picked.offer.fields:
        if not field.required and not field.default_text:
            defaults[field.name] = field.default
    args = typed_args(picked.factory, picked.offer, defaults) | picked.checked_args()
    if not args:
        return picked.factory
    return functools.partial(picked.factory, **args)


def typed_args(factory: Factory, offer: Offer, args: Mapping[str, object]) -> dict[str, object]:
    """Arguments with the types of the signature: tuples, floats, enum members, literals, tensors.

    Raises:
        TypeError: a list for a tensor is not of numbers.
    """
    fields = {field.name: field for field in offer.fields}
    annotations = annotations_of(factory)
    typed = dict(args)
    for name in fields.keys() & args.keys():
        typed[name] = _typed(fields[name], annotations.get(name), args[name])
    return typed


def _typed(field: Field, annotation: object, value: Any) -> object:
    if value is None:
        return None
    if wants_tensor(field, annotation, value):
        return _tensor(field.name, value)
    if field.kind == "choice":
        return _choice(annotation, str(value))
    if field.kind == "tuple" and not field.annotation.startswith(("list", "List")):
        return tuple(value)
    if field.kind == "float":
        return float(value)
    return value


def wants_tensor(field: Field, annotation: object, value: object) -> bool:
    """Whether a number or a list is given where the signature asks for a tensor.

    Where a parameter has no annotation, its help decides ("weight (Tensor, optional): …"), and for
    a list its name: class weights are tensors.
    """
    is_list = isinstance(value, list | tuple)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_list or is_number):
        return False
    if field.annotation:
        others = set(_members(annotation)) - {torch.Tensor, type(None)}
        has_tensor = torch.Tensor in _members(annotation) or "Tensor" in field.annotation
        return has_tensor and (is_list or not others & {int, float}) and not _takes_list(others)
    if field.default is not None:
        return False
    return "Tensor" in field.help[:40] or (is_list and "weight" in field.name.lower())


def _tensor(name: str, value: object) -> torch.Tensor:
    try:
        return torch.tensor(value, dtype=torch.get_default_dtype())
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected numbers, got {value!r}") from None


def _members(annotation: object) -> list[object]:
    """The types of a union, or the annotation alone."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return list(typing.get_args(annotation))
    return [annotation]


def _takes_list(members: set[object]) -> bool:
    kinds = [typing.get_origin(member) or member for member in members]
    return any(inspect.isclass(kind) and issubclass(list, kind) for kind in kinds)


def _choice(annotation: object, name: str) -> object:
    """The enum member of that name, the literal that is written so, or the name itself."""
    for enum_class in enums_in(annotation):
        if name in enum_class.__members__:
            return enum_class[name]
    for literal in _literals(annotation):
        if str(literal) == name:
            return literal
    return name


def _literals(annotation: object) -> list[object]:
    """All values of the Literals in an annotation."""
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    if isinstance(annotation, enum.EnumMeta):
        return []
    literals: list[object] = []
    for inner in typing.get_args(annotation):
        literals += _literals(inner)
    return literals


def _folder_of(factory: Factory) -> Path | None:
    """The folder of the file that defines a callable."""
    try:
        return Path(inspect.getfile(inspect.unwrap(factory))).parent
    except (TypeError, ValueError):
        return None
