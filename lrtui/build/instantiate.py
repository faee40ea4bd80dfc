"""A pick becomes a live object: loaded, its arguments checked and given their types, called. Worker only."""

import enum
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lrtui.build import importing
from lrtui.build.signatures import annotations_of, enums_in, offer_of
from lrtui.catalog.errors import CatalogError, PhaseError, one_line, with_user_line
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.targets import Notice
from lrtui.catalog.values import check
from lrtui.spec import Choice


def load(phase: Role, choice: Choice, notice: Notice) -> Callable[..., Any]:
    """The callable that was picked; PhaseError with the line that says why there is none."""
    try:
        return importing.load(choice.target, notice)
    except CatalogError as error:
        raise PhaseError(phase, str(error)) from error


def offered(role: Role, found: Callable[..., Any], choice: Choice) -> Offer:
    """What the callable asks for."""
    return offer_of(found, choice.target, role)


def make(phase: Role, found: Callable[..., Any], choice: Choice, *given: Any, **more: Any) -> Any:
    """Call what was picked with its arguments; `given` and `more` come from the test and are not checked.

    Raises PhaseError for arguments that do not fit, and for whatever the callable raises, sys.exit included.
    """
    args = checked(phase, found, choice)
    try:
        return found(*given, **more, **args)
    except PhaseError:
        raise
    except CatalogError as error:
        raise PhaseError(phase, f"{choice.target}: {error}") from error
    except (Exception, SystemExit) as error:
        message = f"{choice.target} failed: {one_line(error)}"
        raise PhaseError(phase, with_user_line(message, error, folder_of(found))) from error


def scorer(phase: Role, choice: Choice, notice: Notice) -> Callable[..., Any]:
    """A criterion, metric or step: a class is instantiated, a function gets its keyword arguments bound."""
    found = load(phase, choice, notice)
    if inspect.isclass(found):
        made = make(phase, found, choice)
        if not callable(made):
            raise PhaseError(
                phase, f"{choice.target} made a {type(made).__name__}, which cannot be called"
            )
        return typing.cast(Callable[..., Any], made)
    offer = offered(phase, found, choice)
    # all that is not the test's is bound, so that the number of open parameters says what a step wants
    defaults = {
        field.name: field.default
        for field in offer.fields
        if not field.required and not field.default_text
    }
    args = {**typed(found, offer, defaults), **checked(phase, found, choice)}
    return functools.partial(found, **args) if args else found


def checked(phase: Role, found: Callable[..., Any], choice: Choice) -> dict[str, Any]:
    """The arguments with the types that the callable's signature asks for; PhaseError for the first that cannot be."""
    offer = offered(phase, found, choice)
    for problem in check(offer, choice.args):
        raise PhaseError(phase, f"{choice.target}: {problem.field}: {problem.message}")
    return typed(found, offer, choice.args)


def typed(found: Callable[..., Any], offer: Offer, args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as the callable wants them: TOML knows no tuples, no enum members and no literals but texts."""
    fields = {field.name: field for field in offer.fields}
    annotations = annotations_of(found)
    return {
        name: _typed(fields[name], annotations.get(name), value) if name in fields else value
        for name, value in args.items()
    }


def folder_of(found: Callable[..., Any]) -> Path | None:
    """The folder of the file that defines a callable."""
    try:
        return Path(inspect.getfile(inspect.unwrap(found))).parent
    except (TypeError, ValueError):
        return None


def _typed(field: Field, annotation: Any, value: Any) -> Any:
    if value is None:
        return None
    if field.kind == "choice":
        return _choice(annotation, value)
    if field.kind == "tuple" and not field.annotation.startswith(("list", "List")):
        return tuple(value)
    return float(value) if field.kind == "float" else value


def _choice(annotation: Any, value: Any) -> Any:
    """The enum member of that name, or the literal that is written so."""
    for found in enums_in(annotation):
        if str(value) in found.__members__:
            return found[str(value)]
    return next((literal for literal in _literals(annotation) if str(literal) == str(value)), value)


def _literals(annotation: Any) -> list[Any]:
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    if isinstance(annotation, enum.EnumMeta):
        return []
    return [literal for inner in typing.get_args(annotation) for literal in _literals(inner)]
