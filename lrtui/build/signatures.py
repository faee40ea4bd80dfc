"""Live signatures read as offers."""

import ast
import enum
import inspect
import typing
from collections.abc import Iterator

from torch import nn

from lrtui.build.param_groups import rule_fields
from lrtui.build.types import Factory
from lrtui.catalog.fields import Default, is_plain, make_field
from lrtui.catalog.offers import Field, Offer, Role, Signature
from lrtui.catalog.reserved import without_reserved
from lrtui.catalog.source import docs
from lrtui.engine.reading.callable import signature_of_callable

_BY_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_LONGEST_DEFAULT = 80  # characters of a default's repr


def offer_of(factory: Factory, target: str, role: Role) -> Offer:
    """The offer of a live callable."""
    is_class = inspect.isclass(factory)
    kind: typing.Literal["class", "function"] = "class" if is_class else "function"
    signature = signature_of(factory)
    fields = without_reserved(signature.fields, role, kind)
    if role == "optimizer" and is_class:
        fields += rule_fields(fields)
    doc = _doc(factory)
    return Offer(
        target=target,
        summary=docs.summary(doc),
        doc=docs.clean(doc),
        fields=fields,
        kind=kind,
        more=signature.more,
    )


def signature_of(factory: Factory) -> Signature:
    """The keyword parameters of a callable; if it has no readable signature, it may take any.

    A builder that passes its `**kwargs` to the class that it returns (as torchvision's do) has that
    class's optional parameters too.
    """
    try:
        parameters = signature_of_callable(factory).parameters.values()
    except (ValueError, TypeError):
        return Signature((), more=True)
    help_texts = docs.helps(_doc(factory))
    fields = []
    more = False
    for parameter in parameters:
        if parameter.kind in _BY_KEYWORD:
            fields.append(_field(parameter, help_texts.get(parameter.name, "")))
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            more = True
    if more and is_builder(factory):
        fields += _inner_fields(factory, fields)
    return Signature(tuple(fields), more)


def annotations_of(factory: Factory) -> dict[str, object]:
    """The annotation of each parameter, evaluated where it is a string and can be evaluated."""
    for read in (_evaluated, signature_of_callable):
        try:
            parameters = read(factory).parameters
        # evaluating may raise anything, and a builtin has no signature: the next way is tried
        except Exception:  # noqa: BLE001, S112 # nosec B112 # nothing to log: the next way is tried
            continue
        return {name: parameter.annotation for name, parameter in parameters.items()}
    return {}


def _evaluated(factory: Factory) -> inspect.Signature:
    return inspect.signature(factory, eval_str=True)


def enums_in(annotation: object) -> Iterator[type[enum.Enum]]:
    """The Enum classes in an annotation."""
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from enums_in(inner)


def is_builder(value: object) -> bool:
    """Whether this is a function whose annotation says that it returns a module."""
    if not inspect.isfunction(value):
        return False
    try:
        returned = signature_of_callable(value).return_annotation
    except (TypeError, ValueError):  # a `__signature__` that is none
        return False
    return inspect.isclass(returned) and issubclass(returned, nn.Module)


def _inner_fields(builder: Factory, own: list[Field]) -> list[Field]:
    """The optional fields of the class that a builder returns, beyond those of the builder."""
    names = {field.name for field in own}
    fields = []
    for field in signature_of(signature_of_callable(builder).return_annotation).fields:
        if field.name not in names and field.kind != "other" and not field.required:
            fields.append(field)
    return fields


def _field(parameter: inspect.Parameter, help_text: str) -> Field:
    annotation = parameter.annotation
    enums = {member.__name__: tuple(member.__members__) for member in enums_in(annotation)}
    default = _default(parameter.default)
    return make_field(parameter.name, _source_of(annotation), default, enums, help_text)


def _source_of(annotation: object) -> str:
    """An annotation as a person writes it, without module names; "" if there is none."""
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, str):
        return annotation
    text = inspect.formatannotation(annotation)
    text = text.replace("typing.", "").replace("collections.abc.", "")
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return str(getattr(annotation, "__name__", text))
    return text


def _default(value: object) -> Default:
    if value is inspect.Parameter.empty:
        return Default(given=False)
    if isinstance(value, enum.Enum):
        return Default(value.name)
    if is_plain(value):
        return Default(value)
    return Default(text=getattr(value, "__qualname__", None) or repr(value)[:_LONGEST_DEFAULT])


def _doc(factory: Factory) -> str:
    """A callable's docstring and that of its __init__, without those of base classes."""
    if not inspect.isclass(factory):
        return factory.__doc__ or ""
    own = vars(factory)
    init = own.get("__init__")
    parts = [own.get("__doc__"), getattr(init, "__doc__", None)]
    return "\n\n".join(filter(None, parts))
