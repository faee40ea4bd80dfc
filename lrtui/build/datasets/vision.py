"""torchvision's data sets: a training and a validation part, with common transforms."""

import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from torch.utils.data import Dataset

from lrtui import paths
from lrtui.build.datasets import local
from lrtui.build.datasets.download import Progress, reporting
from lrtui.build.datasets.standard import standard
from lrtui.build.datasets.transforms import Channels, Transform, make_transform
from lrtui.build.optional import import_library
from lrtui.build.types import Factory
from lrtui.catalog.availability import Availability, human
from lrtui.catalog.errors import CatalogError, one_line
from lrtui.files import expanded

Data = Dataset[object]
Options = dict[str, object]  # arguments of torchvision's class

# Arguments of torchvision's classes that a form does not show.
_NOT_IN_FORM = (
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
# Boxes, masks, captions and pairs need a collate function; folders are `lrtui:images`.
_NOT_LISTED = (
    "VisionDataset",
    "DatasetFolder",
    "ImageFolder",
    "CocoCaptions",
    "CocoDetection",
    "Flickr8k",
    "Flickr30k",
    "Kitti",
    "SBDataset",
    "SBU",
    "LSUN",  # it unpickles a file in its folder
    "VOCDetection",
    "VOCSegmentation",
    "WIDERFace",
    "Cityscapes",
    "PhotoTour",
    "LFWPairs",
    "MovingMNIST",
    "CelebA",
)
_VALIDATION_SPLITS = ("val", "valid", "test")
_EMNIST_SPLIT = "balanced"

_DOC = """torchvision's {name}, with common transforms.

    Args:
        root: folder of the data; empty: where downloads go
        resize: side of the images in pixels; 0: as they are
        channels: 1 for grey, 3 for colour, or as they are
        normalize: subtract the mean and divide by the standard deviation of this data set
        augment: random crops, and flips if they keep the class, on the training part
        download: download the data if it is missing
    """


@dataclass(frozen=True)
class VisionSet:
    """One of torchvision's data sets, in a folder."""

    name: str
    folder: Path
    options: Options

    def load(
        self, transforms: Sequence[Transform | None] = (None, None)
    ) -> Data | tuple[Data, ...]:
        """The training and the validation part, or the only part.

        Args:
            transforms: for the training part, and for the validation part.

        Raises:
            CatalogError: the data is not in the folder.
        """
        data = []
        try:
            for part, transform in zip(parts_of(self.name, self.options), transforms, strict=False):
                data.append(self._construct(part, transform))
        except (RuntimeError, FileNotFoundError, NotADirectoryError) as error:
            raise CatalogError(self._missing(error)) from error
        if len(data) == 1:
            return data[0]
        return tuple(data)

    def availability(self) -> Availability:
        """Whether torchvision finds the files; it checks their checksums where it knows them."""
        try:
            self.load()
        except CatalogError as error:
            return Availability(
                there=False,
                message=str(error),
                can_download=self.can_download,
                size=standard(self.name).download,
            )
        return Availability(there=True)

    @property
    def can_download(self) -> bool:
        """Whether torchvision can download the data."""
        return "download" in _parameters(self.name)

    def download(self, progress: Progress | None = None) -> None:
        """Download the data into the folder.

        Raises:
            CatalogError: torchvision cannot download it, the folder cannot be written, or there is
            no network.
        """
        if not self.can_download:
            message = f"torchvision cannot download {self.name}"
            raise CatalogError(
                f"{message}: get it from its publisher, and put it into {self.folder}"
            )
        self._prepare_folder()
        message = f"{self.name} could not be downloaded"
        try:
            with reporting(self.name, progress):
                for part in parts_of(self.name, self.options):
                    self._construct(part | {"download": True}, None)
        except OSError as error:
            reason = f"no network, or no such address ({one_line(error)})"
            raise CatalogError(f"{message}: {reason}") from error
        except RuntimeError as error:
            raise CatalogError(f"{message}: {one_line(error)}") from error

    def _prepare_folder(self) -> None:
        """Make the folder, and unpack what Debian has packaged: that saves the download."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.name == "FashionMNIST" and local.is_installed():
                local.unpack(self.folder / self.name / "raw")
        except OSError as error:
            reason = error.strerror or error
            raise CatalogError(f"{self.name} cannot be put into {self.folder}: {reason}") from error

    def _construct(self, part: Options, transform: Transform | None) -> Data:
        arguments = dict(part)
        if transform is not None:
            arguments["transform"] = transform
        if "root" in _parameters(self.name):
            arguments["root"] = str(self.folder)
        data: Data = _class(self.name)(**arguments)
        return data

    def _missing(self, error: BaseException) -> str:
        """The message for data that cannot be loaded."""
        target = f"torchvision:{self.name}"
        if not self.can_download:
            return f"{target} cannot be read from {self.folder}: {one_line(error)}"
        what_to_do = "set download = true to download it"
        size = human(standard(self.name).download)
        if size:
            what_to_do += f" ({size})"
        return f"{target} is not in {self.folder}: {what_to_do}, or set root to its folder"


def make_factory(name: str, progress: Progress | None = None) -> Factory:
    """A function that makes one of torchvision's data sets; its signature becomes the form."""

    def make(
        root: str = "",
        resize: int = 0,
        channels: Channels = "as is",
        normalize: bool = True,
        augment: bool = False,
        download: bool = False,
        **options: object,
    ) -> Data | tuple[Data, ...]:
        def transform(augment: bool) -> Transform:
            return make_transform(
                standard(name),
                resize=resize,
                channels=channels,
                normalize=normalize,
                augment=augment,
            )

        data = VisionSet(name, folder_of(root), options)
        if download and not data.availability().there:
            data.download(progress)
        return data.load((transform(augment), transform(augment=False)))

    make.__doc__ = _DOC.format(name=name)
    make.__signature__ = _form_signature(name, make)  # type: ignore[attr-defined]
    return make


def listed_names() -> list[str]:
    """The data sets of images with a label. The others can be named, but are not listed."""
    module = _datasets()
    names = []
    for name in module.__all__:
        if not inspect.isclass(getattr(module, name)) or name in _NOT_LISTED:
            continue
        parameters = _parameters(name)
        if "transform" in parameters and "frames_per_clip" not in parameters:
            names.append(name)
    return sorted(names)


def parts_of(name: str, options: Options) -> list[Options]:
    """The arguments of torchvision's class for each part, which differ in `train` or `split`."""
    parameters = _parameters(name)
    if name == "EMNIST":
        options = {"split": _EMNIST_SPLIT} | options
    if "train" in parameters:
        return [options | {"train": True}, options | {"train": False}]
    training = parameters["split"].default if "split" in parameters else None
    if not isinstance(training, str) or not training.startswith("train"):
        return [dict(options)]
    parts = [options | {"split": training}]
    validation = _validation_split(name, training)
    if validation is not None:
        parts.append(options | {"split": validation})
    return parts


def folder_of(root: str) -> Path:
    """The folder `root`; for an empty one, the folder that downloads go to."""
    if not root:
        return paths.datasets()
    return expanded(root)


def _datasets() -> ModuleType:
    return import_library("torchvision.datasets")


def _class(name: str) -> type:
    found: type = getattr(_datasets(), name)
    return found


def _parameters(name: str) -> Mapping[str, inspect.Parameter]:
    """The constructor's parameters, including those that it passes on to its base by `**kwargs`."""
    collected: dict[str, inspect.Parameter] = {}
    for owner in reversed(_class(name).__mro__[:-1]):
        if not owner.__module__.startswith("torchvision.") or "__init__" not in vars(owner):
            continue
        parameters = inspect.signature(owner.__init__).parameters  # type: ignore[misc]
        if not any(map(_is_kwargs, parameters.values())):
            collected.clear()
        collected.update(parameters)
    return collected


def _validation_split(name: str, training: str) -> str | None:
    """The first common name of a validation split that the source of the data set mentions."""
    source = inspect.getsource(sys.modules[_class(name).__module__])
    # `trainval` contains the examples of `val`
    candidates = ("test",) if training == "trainval" else _VALIDATION_SPLITS
    for split in candidates:
        if f'"{split}"' in source:
            return split
    return None


def _form_signature(name: str, make: Factory) -> inspect.Signature:
    """The parameters of our factory, then those of the data set that the factory does not pass."""
    parameters: dict[str, inspect.Parameter] = {}
    for key, parameter in inspect.signature(make).parameters.items():
        if not _is_kwargs(parameter):
            parameters[key] = parameter
    if "root" not in _parameters(name):
        del parameters["root"], parameters["download"]
    hidden = {*_NOT_IN_FORM, *parameters}
    defaults: Options = {}
    if name == "EMNIST":  # its split is a choice of classes, not of a part
        hidden.remove("split")
        defaults["split"] = _EMNIST_SPLIT
    for key, parameter in _parameters(name).items():
        if key not in hidden and _is_keyword(parameter):
            parameters[key] = parameter.replace(
                kind=inspect.Parameter.KEYWORD_ONLY,
                default=defaults.get(key, parameter.default),
            )
    return inspect.Signature(list(parameters.values()))


def _is_kwargs(parameter: inspect.Parameter) -> bool:
    return parameter.kind is inspect.Parameter.VAR_KEYWORD


def _is_keyword(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
