"""A folder of images, with one sub-folder for each class."""

from pathlib import Path
from typing import Literal

from torch.utils.data import Dataset

from lrtui.build.datasets.standard import OTHER
from lrtui.build.datasets.transforms import Transform, make_transform
from lrtui.build.optional import import_library
from lrtui.catalog.errors import CatalogError
from lrtui.files import expanded, is_folder

Images = Dataset[tuple[object, int]]

_TRAIN = ("train", "training")
_VALIDATION = ("val", "valid", "validation", "test")


def images(
    root: str,
    resize: int = 64,
    channels: Literal["1", "3"] = "3",
    normalize: bool = True,
    augment: bool = False,
) -> Images | tuple[Images, Images]:
    """A folder of images with one sub-folder for each class.

    If the folder has `train` and `val` (or `test`), these are the two parts; otherwise a validation
    part is split off.

    Args:
        root: the folder
        resize: side in pixels of all images
        channels: 1 for grey, 3 for colour
        normalize: subtract ImageNet's mean and divide by its standard deviation
        augment: random crops and flips on the training part
    """
    folder = expanded(root)
    if not is_folder(folder):
        raise CatalogError(f"{root}: no such folder")

    def transform(augment: bool) -> Transform:
        return make_transform(
            OTHER, resize=resize or 64, channels=channels, normalize=normalize, augment=augment
        )

    train, val = _sub_folder(folder, _TRAIN), _sub_folder(folder, _VALIDATION)
    if train is None or val is None:
        return _read(folder, transform(augment))
    return _read(train, transform(augment)), _read(val, transform(augment=False))


def _read(folder: Path, transform: Transform) -> Images:
    image_folder = import_library("torchvision.datasets").ImageFolder
    try:
        images: Images = image_folder(str(folder), transform=transform)
    except FileNotFoundError as error:
        message = f"{folder} has no images in sub-folders, one for each class"
        raise CatalogError(f"{message}: {error}") from error
    return images


def _sub_folder(folder: Path, names: tuple[str, ...]) -> Path | None:
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    return None
