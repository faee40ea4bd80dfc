"""A folder of images, one sub-folder a class."""

from pathlib import Path
from typing import Any, Literal

from lrtui.catalog.errors import CatalogError

_TRAIN = ("train", "training")
_VALIDATION = ("val", "valid", "validation", "test")


def images(
    root: str,
    resize: int = 64,
    channels: Literal["1", "3"] = "3",
    normalize: bool = True,
    augment: bool = False,
) -> Any:
    """A folder of images with one sub-folder for each class.

    Where the folder holds `train` and `val` (or `test`), these are the two parts; otherwise a part is split off.

    Args:
        root: the folder
        resize: side in pixels that all images are brought to
        channels: 1 for grey, 3 for colour
        normalize: subtract ImageNet's mean and divide by its deviation
        augment: random crops and flips on the training part
    """
    from lrtui.build.datasets.standard import OTHER
    from lrtui.build.datasets.transforms import pipeline
    from lrtui.build.optional import library

    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise CatalogError(f"{root}: no such folder")
    parts = [part for part in (_part(folder, _TRAIN), _part(folder, _VALIDATION)) if part]
    made = []
    for number, part in enumerate(parts if len(parts) == 2 else [folder]):
        varied = augment and number == 0
        steps = pipeline(
            OTHER, resize=resize or 64, channels=channels, normalize=normalize, augment=varied
        )
        try:
            made.append(library("torchvision.datasets").ImageFolder(str(part), transform=steps))
        except FileNotFoundError as error:
            raise CatalogError(
                f"{part} holds no images in sub-folders, one for each class: {error}"
            ) from error
    return tuple(made) if len(made) == 2 else made[0]


def _part(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_dir()), None)
