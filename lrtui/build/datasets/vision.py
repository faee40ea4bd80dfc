"""torchvision's data sets as a training and a validation part, with their usual transforms. Worker only."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrtui import paths
from lrtui.build.datasets import local
from lrtui.build.datasets.download import Progress, reporting
from lrtui.build.datasets.standard import standard
from lrtui.build.datasets.transforms import Channels, pipeline
from lrtui.build.optional import library
from lrtui.catalog.availability import Availability, human
from lrtui.catalog.errors import CatalogError, one_line

# Given by us, or not for a form.
_OURS = (
    "self",
    "root",
    "train",
    "split",
    "transform",
    "target_transform",
    "transforms",
    "download",
    "loader",
    "is_valid_file",
)
# Boxes, masks, captions and pairs are no batch without a collate function; folders have a form of their own.
_NOT_LISTED = (
    *(
        "VisionDataset",
        "DatasetFolder",
        "ImageFolder",
        "CocoCaptions",
        "CocoDetection",
        "Flickr8k",
        "Flickr30k",
        "Kitti",
    ),
    *(
        "SBDataset",
        "SBU",
        "VOCDetection",
        "VOCSegmentation",
        "WIDERFace",
        "Cityscapes",
        "PhotoTour",
        "LFWPairs",
    ),
    *("MovingMNIST", "CelebA"),
)
_VALIDATION = ("val", "valid", "test")
_EMNIST_SPLITS = {"split": "balanced"}


def vision(name: str, progress: Progress | None = None) -> Callable[..., Any]:
    """A callable that makes one of torchvision's data sets, with a signature that a form can ask for."""

    def make(
        root: str = "",
        resize: int = 0,
        channels: Channels = "as is",
        normalize: bool = True,
        augment: bool = False,
        download: bool = False,
        **more: Any,
    ) -> Any:
        usual = standard(name)
        plain = pipeline(
            usual, resize=resize, channels=channels, normalize=normalize, augment=False
        )
        varied = pipeline(
            usual, resize=resize, channels=channels, normalize=normalize, augment=augment
        )
        folder = folder_of(root)
        if download and not available(name, folder, more).there:
            fetch(name, folder, more, progress)
        return made(name, folder, more, (varied, plain))

    make.__doc__ = _DOC.format(name=name)
    make.__signature__ = _signature(name, make)  # type: ignore[attr-defined]
    return make


def made(
    name: str, folder: Path, more: dict[str, Any], transforms: tuple[Any, Any] = (None, None)
) -> Any:
    """The data set, or its training and validation part where it has both; CatalogError when it is not there."""
    parts = parts_of(name, more)
    try:
        both = [
            _construct(name, folder, part, transform)
            for part, transform in zip(parts, transforms, strict=False)
        ]
    except (RuntimeError, FileNotFoundError, NotADirectoryError) as error:
        raise CatalogError(_missing(name, folder, error)) from error
    return tuple(both) if len(both) > 1 else both[0]


def listed() -> list[str]:
    """The sets whose examples are an image and a label, or can be read so; the others can still be named."""
    found = library("torchvision.datasets")
    names = (
        name
        for name in found.__all__
        if inspect.isclass(getattr(found, name)) and name not in _NOT_LISTED
    )
    return sorted(
        name
        for name in names
        if "transform" in _parameters(name) and "frames_per_clip" not in _parameters(name)
    )


def available(name: str, folder: Path, more: dict[str, Any]) -> Availability:
    """Whether torchvision finds the data set; it looks for the files and, where it knows their sums, checks them."""
    try:
        made(name, folder, more)
    except CatalogError as error:
        can = "download" in _parameters(name)
        return Availability(
            there=False, message=str(error), can_download=can, size=standard(name).download
        )
    return Availability(there=True)


def fetch(name: str, folder: Path, more: dict[str, Any], progress: Progress | None = None) -> None:
    """Download a data set into a folder; CatalogError, in one line, where there is no network."""
    if "download" not in _parameters(name):
        raise CatalogError(
            f"torchvision cannot fetch {name}: its makers want it fetched by hand, into {folder}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if name == "FashionMNIST" and local.is_there():
            local.unpack(folder / name / "raw")
    except OSError as error:
        raise CatalogError(
            f"{name} cannot be put into {folder}: {error.strerror or error}"
        ) from error
    try:
        with reporting(name, progress):
            for part in parts_of(name, more):
                _construct(name, folder, {**part, "download": True}, None)
    except OSError as error:
        raise CatalogError(
            f"{name} could not be fetched: no network, or no such address ({one_line(error)})"
        ) from error
    except RuntimeError as error:
        raise CatalogError(f"{name} could not be fetched: {one_line(error)}") from error


def parts_of(name: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    """The constructor's arguments for each part: told apart by `train`, by `split`, or a single one."""
    known = _parameters(name)
    if name == "EMNIST":
        return [{**_EMNIST_SPLITS, **more, "train": train} for train in (True, False)]
    if "train" in known:
        return [{**more, "train": train} for train in (True, False)]
    if (
        "split" in known
        and isinstance(known["split"].default, str)
        and known["split"].default.startswith("train")
    ):
        training = known["split"].default
        return [
            {**more, "split": split}
            for split in (training, _validation_split(name, training))
            if split
        ]
    return [dict(more)]


def folder_of(root: str) -> Path:
    """The root that was named, or the one that downloads go to."""
    return Path(root).expanduser() if root else paths.datasets()


def _construct(name: str, folder: Path, part: dict[str, Any], transform: Any) -> Any:
    known = _parameters(name)
    given = {**part, "transform": transform} if transform is not None else part
    return _class(name)(**({"root": str(folder)} if "root" in known else {}), **given)


def _class(name: str) -> Any:
    return getattr(library("torchvision.datasets"), name)


def _parameters(name: str) -> dict[str, inspect.Parameter]:
    """The constructor's parameters, those that it hands on to its base among them."""
    found: dict[str, inspect.Parameter] = {}
    for owner in reversed(_class(name).__mro__[:-1]):
        if owner.__module__.startswith("torchvision.") and "__init__" in vars(owner):
            parameters = inspect.signature(owner.__init__).parameters
            passes_on = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
            found = {**(found if passes_on else {}), **parameters}
    return found


def _validation_split(name: str, training: str) -> str | None:
    """The first of the usual names that the source of the set mentions; `trainval` holds what `val` does."""
    text = inspect.getsource(sys.modules[_class(name).__module__])
    usual = _VALIDATION if training != "trainval" else _VALIDATION[-1:]
    return next((split for split in usual if f'"{split}"' in text), None)


def _signature(name: str, make: Callable[..., Any]) -> inspect.Signature:
    """Our parameters, then what is left of the data set's own."""
    own = [
        one
        for one in inspect.signature(make).parameters.values()
        if one.kind is not one.VAR_KEYWORD
    ]
    if "root" not in _parameters(name):
        own = [one for one in own if one.name not in ("root", "download")]
    taken = {*_OURS, *(one.name for one in own)} - ({"split"} if name == "EMNIST" else set())
    rest = [
        one.replace(
            kind=inspect.Parameter.KEYWORD_ONLY, default=_EMNIST_SPLITS.get(key, one.default)
        )
        for key, one in _parameters(name).items()
        if key not in taken and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    ]
    return inspect.Signature([*own, *rest])


def _missing(name: str, folder: Path, error: BaseException) -> str:
    if "download" not in _parameters(name):
        return f"torchvision:{name} cannot be read from {folder}: {one_line(error)}"
    size = human(standard(name).download)
    offer = f"set download = true to fetch it{f' ({size})' if size else ''}"
    return f"torchvision:{name} is not in {folder}: {offer}, or root to where it lies"


_DOC = """torchvision's {name}, with its usual transforms.

    Args:
        root: folder that holds it; empty: where downloads go
        resize: side of the images in pixels; 0: as they are
        channels: colours brought to 1 or 3 channels, or left as they are
        normalize: subtract the mean and divide by the deviation that are usual for this set
        augment: random crops, and flips where they make sense, on the training part
        download: fetch it if it is not there
    """
