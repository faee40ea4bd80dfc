"""Live signatures read as offers. Worker only."""

import ast
import enum
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

import torch

from lrtui.build import param_groups
from lrtui.catalog.fields import Default, is_plain, make_field
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.reserved import without_reserved
from lrtui.catalog.source import docs

_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def offer_of(found: Callable[..., Any], name: str, role: Role) -> Offer:
    """The offer of a live callable."""
    is_class = inspect.isclass(found)
    kind: typing.Literal["class", "function"] = "class" if is_class else "function"
    doc = _doc(found)
    fields, more = fields_of(found)
    fields = without_reserved(fields, role, kind)
    if role == "optimizer" and is_class:
        fields += param_groups.fields_for(fields)
    return Offer(
        target=name,
        summary=docs.summary(doc),
        doc=docs.clean(doc),
        fields=fields,
        kind=kind,
        more=more,
    )


def fields_of(found: Callable[..., Any]) -> tuple[tuple[Field, ...], bool]:
    """The keyword parameters of a callable, and whether it takes others; nothing is known of a signature that hides.

    A builder that hands its `**kwargs` on to the class that it says it returns (as torchvision's do) has that class's
    optional parameters too.
    """
    try:
        parameters = inspect.signature(found).parameters.values()
    except (ValueError, TypeError):
        return (), True
    spoken = docs.helps(_doc(found))
    fields = [_field(one, spoken.get(one.name, "")) for one in parameters if one.kind in _KEYWORD]
    more = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    if more and is_builder(found):
        names = {field.name for field in fields}
        inner = [
            field for field in fields_of(found.__annotations__["return"])[0] if not field.required
        ]
        fields += [field for field in inner if field.name not in names and field.kind != "other"]
    return tuple(fields), more


def annotations_of(found: Callable[..., Any]) -> dict[str, Any]:
    """The live annotation of each parameter, evaluated where it was written as text and can be."""
    for evaluated in (True, False):
        try:
            parameters = inspect.signature(found, eval_str=evaluated).parameters
        except Exception:  # noqa: BLE001  evaluating an annotation may raise anything; a builtin has no signature at all
            continue
        return {name: parameter.annotation for name, parameter in parameters.items()}
    return {}


def enums_in(annotation: Any) -> Iterator[type[enum.Enum]]:
    """The Enum classes that an annotation mentions."""
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from enums_in(inner)


def _field(parameter: inspect.Parameter, help_text: str) -> Field:
    annotation = parameter.annotation
    enums = {found.__name__: tuple(found.__members__) for found in enums_in(annotation)}
    if annotation is inspect.Parameter.empty:
        text = ""
    else:
        text = annotation if isinstance(annotation, str) else _written(annotation)
    return make_field(parameter.name, text, _default(parameter.default), enums, help_text)


def _written(annotation: Any) -> str:
    """An annotation as one writes it, without the module names that only make it long."""
    text = (
        inspect.formatannotation(annotation).replace("typing.", "").replace("collections.abc.", "")
    )
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return getattr(annotation, "__name__", text)
    return text


def _default(value: Any) -> Default:
    if value is inspect.Parameter.empty:
        return Default(given=False)
    if isinstance(value, enum.Enum):
        return Default(value.name)
    if is_plain(value):
        return Default(value)
    return Default(text=getattr(value, "__qualname__", None) or repr(value)[:80])


def is_builder(value: Any) -> bool:
    """A function that says that it returns a module."""
    if not inspect.isfunction(value):
        return False
    returned = value.__annotations__.get("return")
    return inspect.isclass(returned) and issubclass(returned, torch.nn.Module)


def _doc(found: Callable[..., Any]) -> str:
    """A callable's own docstring, with its __init__'s; what it inherits from a base says nothing about it."""
    own = vars(found).get("__doc__") if inspect.isclass(found) else found.__doc__
    init = vars(found).get("__init__") if inspect.isclass(found) else None
    return "\n\n".join(filter(None, (own, getattr(init, "__doc__", None)))) if own or init else ""
