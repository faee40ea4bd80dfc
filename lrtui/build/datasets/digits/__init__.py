"""The UCI handwritten digits, 1,797 real 8×8 images: they ship with lrtui, so need no download."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import TensorDataset

TRAIN_FRACTION = 0.8


def digits() -> tuple[TensorDataset, TensorDataset]:
    """Handwritten digits, 8×8 pixels in ten classes (1,433 to train on, 364 to validate).

    Images are float32 of shape (1, 8, 8) with values from 0 to 1, labels int64. The training part
    is the first 80 % of each class in the order of the file, so it is always the same.
    """
    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        images = torch.from_numpy(stored["images"]).unsqueeze(1).float() / 16
        labels = torch.from_numpy(stored["labels"]).long()
        train = torch.from_numpy(first_of_each_class(stored["labels"]))
    return TensorDataset(images[train], labels[train]), TensorDataset(
        images[~train], labels[~train]
    )


def first_of_each_class(
    labels: npt.NDArray[np.integer], fraction: float = TRAIN_FRACTION
) -> npt.NDArray[np.bool_]:
    """A mask that is true for the first `fraction` of the examples of every class."""
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        indices = np.flatnonzero(labels == label)
        mask[indices[: round(fraction * len(indices))]] = True
    return mask
