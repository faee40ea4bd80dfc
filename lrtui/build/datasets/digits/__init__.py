"""The UCI handwritten digits: 1,797 real 8×8 images that ship inside the package, so that a first run needs nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch.utils.data import TensorDataset

TRAIN_FRACTION = 0.8


def digits() -> "tuple[TensorDataset, TensorDataset]":
    """Handwritten digits, 8×8 pixels in ten classes (1,433 to train on, 364 to validate).

    Images are float32 of shape (1, 8, 8) with values from 0 to 1, labels int64. The first 80 % of each class, in the
    order of the file, is the training part: always the same, and every class has its share in both.
    """
    import numpy as np
    import torch
    from torch.utils.data import TensorDataset

    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        images = torch.from_numpy(stored["images"]).unsqueeze(1).float() / 16
        labels = torch.from_numpy(stored["labels"]).long()
        train = torch.from_numpy(first_of_each_class(stored["labels"]))
    return TensorDataset(images[train], labels[train]), TensorDataset(
        images[~train], labels[~train]
    )


def first_of_each_class(labels: "np.ndarray", fraction: float = TRAIN_FRACTION) -> "np.ndarray":
    """A mask that is true for the first `fraction` of the places of every label."""
    import numpy as np

    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        mask[places[: round(fraction * len(places))]] = True
    return mask
