"""What `lrtui:`, `torchvision:` and `timm:` are short for. Worker only: it imports those libraries."""

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from lrtui.catalog.datasets.download import in_words
from lrtui.catalog.datasets.vision import vision
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.introspect import offer_of
from lrtui.catalog.offer import Field, Offer, Role
from lrtui.catalog.optional import library
from lrtui.catalog.target import OWN, Notice, near
from lrtui.engine.apex import fused_finding

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


def load(where: str, what: str, notice: Notice = lambda text: None) -> Callable[..., Any]:
    """The callable that `torchvision:NAME` or `timm:NAME` is short for; a download tells `notice` how far it is."""
    if where == "timm":
        known = timm_names("model")
        if what not in known:
            raise CatalogError(f"timm has no model '{what}'{_close(what, known)}")
        return functools.partial(library("timm").create_model, what)
    models, data = torchvision_names("model"), torchvision_names("data")
    if what in data:
        return vision(what, in_words(notice))
    if what not in models:
        raise CatalogError(f"torchvision has no '{what}'{_close(what, models + data)}")
    builder: Callable[..., Any] = library("torchvision.models").get_model_builder(what)
    return builder


@functools.cache
def torchvision_names(role: Role) -> list[str]:
    """What torchvision registers for a role."""
    if role == "model":
        return sorted(library("torchvision.models").list_models())
    if role == "data":
        found = library("torchvision.datasets")
        return sorted(name for name in found.__all__ if _is_data_set(getattr(found, name)))
    return []


@functools.cache
def timm_names(role: Role) -> list[str]:
    """The models that timm registers."""
    return sorted(library("timm").list_models()) if role == "model" else []


def check_apex() -> None:
    """CatalogError with the reason when NVIDIA's fused optimizers cannot be used."""
    finding = fused_finding()
    if not finding.usable:
        raise CatalogError(f"apex: {finding.reason}")


def _is_data_set(found: Any) -> bool:
    """A data set that can be made from its name alone; what only others inherit from is left out."""
    return inspect.isclass(found) and found.__name__ not in ("VisionDataset", "DatasetFolder", "ImageFolder")


def _own(name: str, role: Role) -> Offer:
    own = OWN[name]
    return offer_of(getattr(importlib.import_module(own.module), own.attribute), f"lrtui:{name}", role)


def _torchvision_offer(name: str) -> Offer:
    return offer_of(load("torchvision", name), f"torchvision:{name}", "model")


def _close(what: str, known: list[str]) -> str:
    """Near names only: a library has hundreds, which no line can list."""
    return near(what, known) if difflib.get_close_matches(what, known, n=1, cutoff=0.6) else ""
