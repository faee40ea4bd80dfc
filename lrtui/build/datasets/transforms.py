"""From a PIL image to a normalised tensor."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from torch import Tensor

from lrtui.build.datasets.standard import COMMON_PIXELS, Standard
from lrtui.build.optional import import_library

if TYPE_CHECKING:
    from PIL.Image import Image

Channels = Literal["as is", "1", "3"]
Transform = Callable[["Image"], Tensor]
Numbers = tuple[float, ...]  # one for each channel


def make_transform(
    standard: Standard, *, resize: int, channels: Channels, normalize: bool, augment: bool
) -> Transform:
    """The transform that resizes, sets the channels, augments, and normalises a float tensor."""
    transforms = import_library("torchvision.transforms")
    differ_in_size = standard.pixels == 0
    pixels = resize or (COMMON_PIXELS if differ_in_size else 0)
    steps: list[Callable[..., object]] = []
    if pixels:
        steps += [transforms.Resize(pixels), transforms.CenterCrop(pixels)]
    if channels != "as is":
        steps.append(transforms.Grayscale(int(channels)))
    elif differ_in_size:
        steps.append(_to_rgb)  # folders mix grey, palette and colour images
    if augment:
        steps += _augmentations(pixels or standard.pixels, standard.flips)
    steps.append(transforms.ToTensor())
    if normalize:
        mean, std = _numbers(standard, channels)
        steps.append(transforms.Normalize(mean, std))
    transform: Transform = transforms.Compose(steps)
    return transform


def _augmentations(pixels: int, flips: bool) -> list[Callable[..., object]]:
    transforms = import_library("torchvision.transforms")
    steps: list[Callable[..., object]] = []
    if pixels > 0:
        steps.append(transforms.RandomCrop(pixels, padding=max(1, pixels // 8)))
    if flips:
        steps.append(transforms.RandomHorizontalFlip())
    return steps


def _numbers(standard: Standard, channels: Channels) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each channel that the images will have."""
    if channels == "as is" or int(channels) == len(standard.mean):
        return standard.mean, standard.std
    if channels == "1":
        return (_mean(standard.mean),), (_mean(standard.std),)
    return standard.mean * 3, standard.std * 3


def _mean(numbers: Numbers) -> float:
    return sum(numbers) / len(numbers)


def _to_rgb(image: "Image") -> "Image":
    return image.convert("RGB")
