"""What an importable module offers: libraries by their live signatures, user code by parsing it."""

import inspect
from pathlib import Path

import msgspec
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

from lrtui.build import importing, libraries
from lrtui.build.signatures import is_builder, offer_of
from lrtui.catalog import targets
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.source.reader import offers_in_file

_LOSS_FUNCTIONS = ("_loss", "_entropy", "cross_entropy_with_logits")


def offers_in_module(where: str, role: Role) -> list[Offer]:
    """What a module offers for a role; a library is imported, any other module is parsed.

    Raises:
        CatalogError: there is no such module, or it cannot be read.
    """
    if where in ("lrtui", "torchvision", "timm"):
        return libraries.offers(where, role)
    path = _source(where)
    if path is not None:
        return [_renamed(offer, where) for offer in offers_in_file(path, role)]
    if where.split(".")[0] == "apex":
        libraries.check_apex()
    offers = []
    for name, value in sorted(vars(importing.load_module(where)).items()):
        if callable(value) and not name.startswith("_") and _has_role(name, value, role):
            offers.append(offer_of(value, f"{where}:{name}", role))
    return offers


def describe(name: str, role: Role = "model") -> Offer:
    """The offer of one target: a library's target is imported, a user's is read by parsing."""
    where, what = targets.split(name)
    path = _source(where)
    if path is None:
        return offer_of(importing.load(name), name, role)
    names = []
    for offer in offers_in_file(path, role):
        _, offered = targets.split(offer.target)
        if offered == what:
            return _renamed(offer, where)
        names.append(offered)
    raise CatalogError(f"{where} has no '{what}'{targets.near(what, names)}")


def may_be_used(target: str, value: object, role: Role) -> bool:
    """Whether a target is no library's, or one that the library lists for the role."""
    where, what = targets.split(target)
    if not targets.is_listing(where):
        return True  # agreed to, or a file of the user's
    if where == "lrtui":
        return what in targets.OWN and targets.OWN[what].role == role
    # some of its data sets unpickle files that lie in the folder that they are given
    if where == "torchvision" or where.startswith("torchvision.datasets"):
        return what in libraries.torchvision_names(role)
    if where == "timm":
        return what in libraries.timm_names(role)
    if what.startswith("_") or not _is_of_library(value):
        return False
    if role in ("metric", "step"):
        return role == "metric" and _is_criterion(what, value)
    return _has_role(what, value, role)


def _is_of_library(value: object) -> bool:
    """Whether a value is defined in one of the libraries, and not only imported there."""
    return str(getattr(value, "__module__", "")).split(".")[0] in targets.LIBRARIES


def _source(where: str) -> Path | None:
    """The file to parse, or None for a library; CatalogError if there is no such file or module."""
    if targets.is_listing(where):
        return None
    if targets.is_file_name(where):
        path = targets.locate(where)
        missing = "no such file"
    else:
        path = targets.locate_module(where)
        missing = "no such module, or none with a source"
    if path is None:
        raise CatalogError(f"{where}: {missing}")
    return path


def _has_role(name: str, value: object, role: Role) -> bool:
    """Whether a public callable of a library can have a role."""
    match role:
        case "optimizer":
            return _is_concrete(value, Optimizer) and value is not Optimizer
        case "loss":
            return _is_criterion(name, value)
        case "model":
            return _is_concrete(value, nn.Module) or is_builder(value)
        case "data":
            return _is_concrete(value, Dataset) or _is_concrete(value, DataLoader)
        case _:
            return inspect.isfunction(value)


def _is_concrete(value: object, base: type) -> bool:
    """Whether a value is a class that inherits from `base` and is not abstract."""
    return inspect.isclass(value) and issubclass(value, base) and not inspect.isabstract(value)


def _is_criterion(name: str, value: object) -> bool:
    """Whether this is a criterion of torch, by its name."""
    if inspect.isfunction(value):
        return name.endswith(_LOSS_FUNCTIONS)
    if name.endswith("WithLoss"):
        return False  # AdaptiveLogSoftmaxWithLoss is a layer
    return name.endswith("Loss") and _is_concrete(value, nn.Module)


def _renamed(offer: Offer, where: str) -> Offer:
    """The offer with `where` as the person typed it."""
    _, what = targets.split(offer.target)
    return msgspec.structs.replace(offer, target=f"{where}:{what}")
