"""What an importable module offers, by its live signatures. Worker only: it imports what it describes."""

import ast
import enum
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from lrtui.catalog import docs, groups, skips, target
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import Default, field, is_plain
from lrtui.catalog.offer import Field, Offer, Role
from lrtui.catalog.source import offers_in_file

# Only these are imported to be listed; anybody else's module is parsed, so that listing runs nothing of theirs.
_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_TRUSTED = ("torch", "torchvision", "timm", "apex", "lrtui")


def offers_in_module(where: str, role: Role) -> list[Offer]:
    """What `where` offers for a role: a module of torch's by its live signatures, any other by parsing its source.

    Raises CatalogError, in one line, when there is no such module or it cannot be read.
    """
    if where in ("lrtui", "torchvision", "timm"):
        from lrtui.catalog import libraries

        return libraries.offers(where, role)
    path = target.locate(where) if target.is_file_name(where) else None
    if path is None and not where.startswith(_TRUSTED):
        path = target.locate_module(where)
    if path is not None:
        return [_renamed(offer, where) for offer in offers_in_file(path, role)]
    if target.is_file_name(where):
        raise CatalogError(f"{where}: no such file")
    if where.split(".")[0] == "apex":
        from lrtui.catalog import libraries

        libraries.check_apex()
    module = target.load_module(where)
    return [offer_of(value, f"{where}:{name}", role) for name, value in sorted(_picks(vars(module), role))]


def describe(name: str, role: Role = "model") -> Offer:
    """The offer of one target; a file's is read by parsing, anything else is imported."""
    where, what = target.split(name)
    path = target.locate(where)
    if path is not None:
        offers = [_renamed(offer, where) for offer in offers_in_file(path, role)]
        for offer in offers:
            if offer.target == f"{where}:{what}":
                return offer
        known = [target.split(offer.target)[1] for offer in offers]
        raise CatalogError(f"{where} has no '{what}'{target.near(what, known)}")
    return offer_of(target.load(name), name, role)


def offer_of(found: Callable[..., Any], name: str, role: Role) -> Offer:
    """The offer of a live callable."""
    is_class = inspect.isclass(found)
    kind: typing.Literal["class", "function"] = "class" if is_class else "function"
    doc = _doc(found)
    fields, more = fields_of(found)
    fields = skips.without(fields, role, kind)
    if role == "optimizer" and is_class:
        fields += groups.fields_for(fields)
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
    if more and _is_builder(found):
        names = {field.name for field in fields}
        inner = [field for field in fields_of(found.__annotations__["return"])[0] if not field.required]
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
    return field(parameter.name, text, _default(parameter.default), enums, help_text)


def _written(annotation: Any) -> str:
    """An annotation as one writes it, without the module names that only make it long."""
    text = inspect.formatannotation(annotation).replace("typing.", "").replace("collections.abc.", "")
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


def _picks(names: Mapping[str, Any], role: Role) -> list[tuple[str, Callable[..., Any]]]:
    """The public callables of a module that fit a role."""
    import torch

    public = {name: value for name, value in names.items() if not name.startswith("_") and callable(value)}
    if role == "optimizer":
        base = torch.optim.Optimizer
        return [(name, value) for name, value in public.items() if _is_a(value, base) and value is not base]
    if role == "loss":
        return [(name, value) for name, value in public.items() if _is_criterion(name, value)]
    if role == "model":
        return [(name, value) for name, value in public.items() if _is_a(value, torch.nn.Module) or _is_builder(value)]
    if role == "data":
        from torch.utils.data import DataLoader, Dataset

        return [(name, value) for name, value in public.items() if _is_a(value, (Dataset, DataLoader))]
    return [(name, value) for name, value in public.items() if inspect.isfunction(value)]


def _is_a(value: Any, base: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, base) and not inspect.isabstract(value)


def _is_criterion(name: str, value: Any) -> bool:
    """torch.nn's criteria are the modules whose name ends in Loss; one of them is a layer, whatever its name says."""
    import torch

    if inspect.isfunction(value):
        return name.endswith(("_loss", "_entropy", "cross_entropy_with_logits"))
    return _is_a(value, torch.nn.Module) and name.endswith("Loss") and not name.endswith("WithLoss")


def _is_builder(value: Any) -> bool:
    """A function that says that it returns a module."""
    import torch

    if not inspect.isfunction(value):
        return False
    return _is_a(value.__annotations__.get("return"), torch.nn.Module)


def _doc(found: Callable[..., Any]) -> str:
    """A callable's own docstring, with its __init__'s; what it inherits from a base says nothing about it."""
    own = vars(found).get("__doc__") if inspect.isclass(found) else found.__doc__
    init = vars(found).get("__init__") if inspect.isclass(found) else None
    return "\n\n".join(filter(None, (own, getattr(init, "__doc__", None)))) if own or init else ""


def _renamed(offer: Offer, where: str) -> Offer:
    """The offer under the name that the person typed."""
    return msgspec.structs.replace(offer, target=f"{where}:{target.split(offer.target)[1]}")
