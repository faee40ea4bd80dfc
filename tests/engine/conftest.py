"""One thread, one seed, and no window: sums differ with the number of threads."""

import random

import matplotlib
import numpy as np
import pytest
import torch

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.set_num_threads(1)
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
