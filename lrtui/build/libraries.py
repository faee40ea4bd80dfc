"""The targets `lrtui:NAME`, `torchvision:NAME` and `timm:NAME`. This imports those libraries."""

import difflib
import functools
import importlib
import inspect
from typing import Any

from lrtui.build.datasets import vision
from lrtui.build.datasets.download import progress_notices
from lrtui.build.datasets.images import images
from lrtui.build.optional import import_library
from lrtui.build.signatures import offer_of, signature_of
from lrtui.build.types import Factory
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.targets import OWN, Notice, near
from lrtui.engine.apex import fused_finding

_FOLDER = "ImageFolder"


def offers(where: str, role: Role) -> list[Offer]:
    """What a library offers for a role; CatalogError if it cannot be imported."""
    if where == "lrtui":
        return [_own_offer(name, role) for name in OWN if OWN[name].role == role]
    if where == "timm":
        fields, more = signature_of(_timm_parameters)
        return [Offer(target=f"timm:{name}", fields=fields, more=more) for name in timm_names(role)]
    return [_torchvision_offer(name) for name in torchvision_names(role)]


def load(where: str, what: str, notice: Notice = lambda text: None) -> Factory:
    """The callable of `torchvision:NAME` or `timm:NAME`; downloads report to `notice`.

    Raises:
        CatalogError: the library is not installed, or has no such name.
    """
    if where == "timm":
        return _timm_model(what)
    if what == _FOLDER:
        return images
    models, data = torchvision_names("model"), torchvision_names("data")
    if what in data or _is_unlisted_set(what):
        return vision.make_factory(what, progress_notices(notice))
    if what not in models:
        raise CatalogError(f"torchvision has no '{what}'{_similar(what, models + data)}")
    builder: Factory = import_library("torchvision.models").get_model_builder(what)
    return builder


@functools.cache
def torchvision_names(role: Role) -> list[str]:
    """The names that torchvision registers for a role."""
    if role == "model":
        return sorted(import_library("torchvision.models").list_models())
    if role == "data":
        return sorted([*vision.listed_names(), _FOLDER])
    return []


@functools.cache
def timm_names(role: Role) -> list[str]:
    """The models that timm registers."""
    if role != "model":
        return []
    return sorted(import_library("timm").list_models())


def check_apex() -> None:
    """CatalogError with the reason if NVIDIA's fused optimizers cannot be used."""
    finding = fused_finding()
    if not finding.usable:
        raise CatalogError(f"apex: {finding.reason}")


def _timm_model(name: str) -> Factory:
    """The factory of one of timm's models.

    What is not given is left to timm: its defaults differ from model to model.
    """
    known = timm_names("model")
    if name not in known:
        raise CatalogError(f"timm has no model '{name}'{_similar(name, known)}")

    def make(**given: object) -> object:
        return import_library("timm").create_model(name, **given)

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
        pretrained: load pretrained weights (a download)
        num_classes: number of classes
        in_chans: channels of an image
        drop_rate: dropout before the head
        more: other arguments of the model
    """


def _own_offer(name: str, role: Role) -> Offer:
    own = OWN[name]
    factory = getattr(importlib.import_module(own.module), own.attribute)
    return offer_of(factory, f"lrtui:{name}", role)


def _torchvision_offer(name: str) -> Offer:
    return offer_of(load("torchvision", name), f"torchvision:{name}", "model")


def _is_unlisted_set(name: str) -> bool:
    """Whether a name is one of torchvision's data sets that lists leave out."""
    return name[:1].isupper() and name in import_library("torchvision.datasets").__all__


def _similar(name: str, known: list[str]) -> str:
    """A hint with similar names; a library has too many names to list them all."""
    if not difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return ""
    return near(name, known)
