"""What `lrtui:`, `torchvision:` and `timm:` are short for. Worker only: it imports those libraries."""

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from lrtui.build.datasets.download import in_words
from lrtui.build.datasets.images import images
from lrtui.build.datasets.vision import listed, vision
from lrtui.build.optional import library
from lrtui.build.signatures import fields_of, offer_of
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.targets import OWN, Notice, near
from lrtui.engine.apex import fused_finding

_FOLDER = "ImageFolder"


def offers(where: str, role: Role) -> list[Offer]:
    """What a library offers for a role; CatalogError when it is not installed or cannot be imported."""
    if where == "lrtui":
        names = [name for name, own in OWN.items() if own.role == role]
        return [_own(name, role) for name in names]
    if role not in ("model", "data"):
        return []
    if where == "timm":
        fields, more = fields_of(_timm_parameters)
        return [Offer(target=f"timm:{name}", fields=fields, more=more) for name in timm_names(role)]
    return [_torchvision_offer(name) for name in torchvision_names(role)]


def load(where: str, what: str, notice: Notice = lambda text: None) -> Callable[..., Any]:
    """The callable that `torchvision:NAME` or `timm:NAME` is short for; a download tells `notice` how far it is."""
    if where == "timm":
        known = timm_names("model")
        if what not in known:
            raise CatalogError(f"timm has no model '{what}'{_close(what, known)}")
        return _timm_builder(what)
    if what == _FOLDER:
        return images
    models, data = torchvision_names("model"), torchvision_names("data")
    if what in data or (what[:1].isupper() and what in library("torchvision.datasets").__all__):
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
        return sorted([*listed(), _FOLDER])
    return []


@functools.cache
def timm_names(role: Role) -> list[str]:
    """The models that timm registers."""
    return sorted(library("timm").list_models()) if role == "model" else []


def _timm_builder(name: str) -> Callable[..., Any]:
    """Timm's factory for one model: what is not given is left to timm, whose defaults differ from model to model."""

    def make(**given: Any) -> Any:
        return library("timm").create_model(name, **given)

    make.__doc__ = _timm_parameters.__doc__
    make.__signature__ = inspect.signature(_timm_parameters)  # type: ignore[attr-defined]
    return make


def _timm_parameters(
    pretrained: bool = False,
    num_classes: int = 1000,
    in_chans: int = 3,
    drop_rate: float = 0.0,
    **more: Any,
) -> None:
    """One of timm's models.

    Args:
        pretrained: load trained weights, which downloads them
        num_classes: how many classes to tell apart
        in_chans: channels of an image
        drop_rate: dropout before the head
        more: whatever else the model takes
    """


def check_apex() -> None:
    """CatalogError with the reason when NVIDIA's fused optimizers cannot be used."""
    finding = fused_finding()
    if not finding.usable:
        raise CatalogError(f"apex: {finding.reason}")


def _own(name: str, role: Role) -> Offer:
    own = OWN[name]
    return offer_of(
        getattr(importlib.import_module(own.module), own.attribute), f"lrtui:{name}", role
    )


def _torchvision_offer(name: str) -> Offer:
    return offer_of(load("torchvision", name), f"torchvision:{name}", "model")


def _close(what: str, known: list[str]) -> str:
    """Near names only: a library has hundreds, which no line can list."""
    return near(what, known) if difflib.get_close_matches(what, known, n=1, cutoff=0.6) else ""
