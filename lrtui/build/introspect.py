"""What an importable module offers, by its live signatures. Worker only: it imports what it describes."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import torch

from lrtui.build import importing, libraries
from lrtui.build.signatures import is_builder, offer_of
from lrtui.catalog import targets
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.source.reader import offers_in_file


def offers_in_module(where: str, role: Role) -> list[Offer]:
    """What `where` offers for a role: a module of torch's by its live signatures, any other by parsing its source.

    Raises CatalogError, in one line, when there is no such module or it cannot be read.
    """
    if where in ("lrtui", "torchvision", "timm"):
        return libraries.offers(where, role)
    path = _source(where)
    if path is not None:
        return [_renamed(offer, where) for offer in offers_in_file(path, role)]
    if where.split(".")[0] == "apex":
        libraries.check_apex()
    module = importing.load_module(where)
    return [
        offer_of(value, f"{where}:{name}", role)
        for name, value in sorted(_picks(vars(module), role))
    ]


def describe(name: str, role: Role = "model") -> Offer:
    """The offer of one target; a user's is read by parsing, one of torch's and its libraries' is imported."""
    where, what = targets.split(name)
    path = _source(where)
    if path is None:
        return offer_of(importing.load(name), name, role)
    offers = {targets.split(offer.target)[1]: offer for offer in offers_in_file(path, role)}
    if what not in offers:
        raise CatalogError(f"{where} has no '{what}'{targets.near(what, list(offers))}")
    return _renamed(offers[what], where)


def _source(where: str) -> Path | None:
    """The file to parse, None for what may be imported; CatalogError when a user's file or module is not there."""
    if targets.is_library(where):
        return None
    path = targets.locate(where) if targets.is_file_name(where) else targets.locate_module(where)
    if path is None:
        missing = (
            "no such file"
            if targets.is_file_name(where)
            else "no such module, or none with a source"
        )
        raise CatalogError(f"{where}: {missing}")
    return path


def _picks(names: Mapping[str, Any], role: Role) -> list[tuple[str, Callable[..., Any]]]:
    """The public callables of a module that fit a role."""
    public = {
        name: value for name, value in names.items() if not name.startswith("_") and callable(value)
    }
    if role == "optimizer":
        base = torch.optim.Optimizer
        return [
            (name, value)
            for name, value in public.items()
            if _is_a(value, base) and value is not base
        ]
    if role == "loss":
        return [(name, value) for name, value in public.items() if _is_criterion(name, value)]
    if role == "model":
        return [
            (name, value)
            for name, value in public.items()
            if _is_a(value, torch.nn.Module) or is_builder(value)
        ]
    if role == "data":
        from torch.utils.data import DataLoader, Dataset

        return [
            (name, value) for name, value in public.items() if _is_a(value, (Dataset, DataLoader))
        ]
    return [(name, value) for name, value in public.items() if inspect.isfunction(value)]


def _is_a(value: Any, base: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, base) and not inspect.isabstract(value)


def _is_criterion(name: str, value: Any) -> bool:
    """torch.nn's criteria are the modules whose name ends in Loss; one of them is a layer, whatever its name says."""
    if inspect.isfunction(value):
        return name.endswith(("_loss", "_entropy", "cross_entropy_with_logits"))
    return _is_a(value, torch.nn.Module) and name.endswith("Loss") and not name.endswith("WithLoss")


def _renamed(offer: Offer, where: str) -> Offer:
    """The offer under the name that the person typed."""
    return msgspec.structs.replace(offer, target=f"{where}:{targets.split(offer.target)[1]}")
