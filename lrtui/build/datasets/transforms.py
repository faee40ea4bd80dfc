"""The usual transforms: to tensors of one size, normalised. Worker only."""

from typing import Any, Literal

from lrtui.build.datasets.standard import COMMON_PIXELS, Standard
from lrtui.build.optional import library

Channels = Literal["as is", "1", "3"]


def pipeline(
    usual: Standard, *, resize: int, channels: Channels, normalize: bool, augment: bool
) -> Any:
    """From a PIL image to a normalised float tensor."""
    steps = library("torchvision.transforms")
    pixels = resize or (COMMON_PIXELS if usual.pixels == 0 else 0)
    chain: list[Any] = []
    if pixels:
        chain += [steps.Resize(pixels), steps.CenterCrop(pixels)]
    if channels != "as is":
        chain.append(steps.Grayscale(int(channels)))
    elif usual.pixels == 0:
        chain.append(_to_rgb)
    if augment:
        size = pixels or usual.pixels
        chain += [steps.RandomCrop(size, padding=max(1, size // 8))] if size > 0 else []
        chain += [steps.RandomHorizontalFlip()] if usual.flips else []
    chain.append(steps.ToTensor())
    if normalize:
        chain.append(steps.Normalize(*_numbers(usual, channels)))
    return steps.Compose(chain)


def _numbers(usual: Standard, channels: Channels) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation for as many channels as there will be."""
    if channels == "as is" or int(channels) == len(usual.mean):
        return usual.mean, usual.std
    if channels == "1":
        return (sum(usual.mean) / len(usual.mean),), (sum(usual.std) / len(usual.std),)
    return usual.mean * 3, usual.std * 3


def _to_rgb(image: Any) -> Any:
    """Folders mix grey, palette and colour images; a batch cannot."""
    return image.convert("RGB")
