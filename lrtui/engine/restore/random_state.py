"""Random states: Python's, numpy's, torch's, and that of every CUDA device."""

import random
from collections.abc import Iterable

import numpy as np
import torch


class RngState:
    """All global random generators as they are now; `devices=False` leaves out those of accelerators."""

    def __init__(self, *, devices: bool = True) -> None:
        self._python = random.getstate()
        self._numpy = np.random.get_state()
        self._torch = torch.get_rng_state()
        cuda = devices and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        self._cuda = torch.cuda.get_rng_state_all() if cuda else None
        self._mps = (
            torch.mps.get_rng_state() if devices and torch.backends.mps.is_available() else None
        )

    def restore(self) -> None:
        """Put them back."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
        if self._mps is not None:
            torch.mps.set_rng_state(self._mps)


def reseed(seed: int, generators: Iterable[torch.Generator] = ()) -> None:
    """Seed all of them, and these generators."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**64)
    for generator in generators:
        generator.manual_seed(seed % 2**64)
