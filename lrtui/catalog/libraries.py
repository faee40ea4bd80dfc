"""What `lrtui:`, `torchvision:` and `timm:` are short for. Worker only: it imports those libraries."""

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from lrtui.catalog import docs
from lrtui.catalog.errors import CatalogError, told
from lrtui.catalog.introspect import fields_of, offer_of
from lrtui.catalog.offer import Field, Offer, Role
from lrtui.catalog.target import OWN, near

_TIMM_FIELDS = (
    Field(name="pretrained", kind="bool", default=False, help="load trained weights (downloads them)"),
    Field(name="num_classes", kind="int", default=1000, help="how many classes to tell apart"),
    Field(name="in_chans", kind="int", default=3, help="channels of an image"),
    Field(name="drop_rate", kind="float", default=0.0, help="dropout before the head"),
)


def offers(where: str, role: Role) -> list[Offer]:
    """What a library offers for a role; CatalogError when it is not installed or cannot be imported."""
    if where == "lrtui":
        names = [name for name, own in OWN.items() if own.role == role]
        return [_own(name, role) for name in names]
    if role not in ("model", "data"):
        return []
    if where == "timm":
        return [Offer(target=f"timm:{name}", fields=_TIMM_FIELDS, more=True) for name in timm_names(role)]
    return [_torchvision_offer(name) for name in torchvision_names(role)]


def load(where: str, what: str) -> Callable[..., Any]:
    """The callable that `torchvision:NAME` or `timm:NAME` is short for."""
    if where == "timm":
        known = timm_names("model")
        if what not in known:
            raise CatalogError(f"timm has no model '{what}'{_close(what, known)}")
        return functools.partial(library("timm").create_model, what)
    models = torchvision_names("model")
    if what not in models:
        raise CatalogError(f"torchvision has no '{what}'{_close(what, models)}")
    builder: Callable[..., Any] = library("torchvision.models").get_model_builder(what)
    return builder


def library(name: str) -> Any:
    """An optional library's module; CatalogError in one line when it is absent or broken.

    A CPU build of torch beside another's torchvision is the usual way for it to be broken (`nms does not exist`).
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name.split(".")[0]:
            raise CatalogError(f"{error.name} is not installed: pip install {error.name}") from error
        raise CatalogError(f"{name} failed to import: {told(error)}") from error
    except Exception as error:
        hint = ": it was built for another torch; install the pair that belongs together" if "nms" in str(error) else ""
        raise CatalogError(f"{name} failed to import: {told(error)}{hint}") from error


@functools.cache
def torchvision_names(role: Role) -> list[str]:
    """What torchvision registers for a role."""
    if role == "model":
        return sorted(library("torchvision.models").list_models())
    return []


@functools.cache
def timm_names(role: Role) -> list[str]:
    """The models that timm registers."""
    return sorted(library("timm").list_models()) if role == "model" else []


def _own(name: str, role: Role) -> Offer:
    own = OWN[name]
    return offer_of(getattr(importlib.import_module(own.module), own.attribute), f"lrtui:{name}", role)


def _torchvision_offer(name: str) -> Offer:
    builder = load("torchvision", name)
    doc = inspect.getdoc(builder)
    fields, more = fields_of(builder)
    return Offer(target=f"torchvision:{name}", summary=docs.summary(doc), doc=docs.clean(doc), fields=fields, more=more)


def _close(what: str, known: list[str]) -> str:
    """Near names only: a library has hundreds, which no line can list."""
    return near(what, known) if difflib.get_close_matches(what, known, n=1, cutoff=0.6) else ""
