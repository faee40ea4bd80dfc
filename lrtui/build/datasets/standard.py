"""Common numbers of torchvision's data sets: mean, standard deviation, sizes."""

from typing import NamedTuple


class Standard(NamedTuple):
    """Mean and standard deviation of the training pixels, for each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    pixels: int = 0  # side of the images; 0: they differ in size; -1: an option says
    download: int = 0  # bytes; 0: unknown
    flips: bool = True  # a mirrored image keeps its class


_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

STANDARDS = {
    "MNIST": Standard((0.1307,), (0.3081,), 28, 11_594_722, flips=False),
    "QMNIST": Standard((0.1307,), (0.3081,), 28, flips=False),
    "FashionMNIST": Standard((0.2860,), (0.3530,), 28, 30_878_645),
    "KMNIST": Standard((0.1918,), (0.3483,), 28, 21_344_017, flips=False),
    "EMNIST": Standard((0.1751,), (0.3332,), 28, 561_753_746, flips=False),
    "USPS": Standard((0.2469,), (0.2989,), 16, 8_411_109, flips=False),
    "SEMEION": Standard((0.3283,), (0.4696,), 16, flips=False),
    "CIFAR10": Standard((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616), 32, 170_498_071),
    "CIFAR100": Standard((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), 32, 169_001_437),
    "SVHN": Standard(
        (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970), 32, 246_316_178, flips=False
    ),
    "STL10": Standard((0.4467, 0.4398, 0.4066), (0.2603, 0.2566, 0.2713), 96, 2_640_397_119),
    "EuroSAT": Standard(*_IMAGENET, 64, 94_280_567),
    "PCAM": Standard(*_IMAGENET, 96),
    "FakeData": Standard((0.5, 0.5, 0.5), (0.29, 0.29, 0.29), -1),
    "Food101": Standard(*_IMAGENET, 0, 4_996_278_331),
    "Flowers102": Standard(*_IMAGENET, 0, 344_862_509),
    "DTD": Standard(*_IMAGENET, 0, 625_239_812),
}

OTHER = Standard(*_IMAGENET)
COMMON_PIXELS = 224  # images of different sizes are resized to this by default


def standard(name: str) -> Standard:
    """The numbers of a data set; ImageNet's for one that is not in the table."""
    return STANDARDS.get(name, OTHER)
