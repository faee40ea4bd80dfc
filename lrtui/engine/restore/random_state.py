"""Random states: Python's, numpy's, torch's, those of accelerators and of single generators."""

import random
from collections.abc import Iterable

import numpy as np
import torch


class RngState:
    """The states of all global random generators; `devices=False` leaves out accelerators."""

    def __init__(self, *, devices: bool = True) -> None:
        self._python = random.getstate()
        self._numpy = np.random.get_state()
        self._torch = torch.get_rng_state()
        self._cuda: list[torch.Tensor] = []
        self._mps: torch.Tensor | None = None
        if devices and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            self._cuda = torch.cuda.get_rng_state_all()
        if devices and torch.backends.mps.is_available():
            self._mps = torch.mps.get_rng_state()

    def restore(self) -> None:
        """Put them back."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        if self._cuda:
            torch.cuda.set_rng_state_all(self._cuda)
        if self._mps is not None:
            torch.mps.set_rng_state(self._mps)


class SavedGenerator:
    """A random generator and its current state."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self._state = generator.get_state()

    def restore(self) -> None:
        """Put the state back."""
        self.generator.set_state(self._state)

    def unchanged(self) -> bool:
        """Whether it still has that state."""
        return torch.equal(self.generator.get_state(), self._state)


def reseed(seed: int, generators: Iterable[torch.Generator] = ()) -> None:
    """Seed all global random generators, and the given ones."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**64)
    for generator in generators:
        generator.manual_seed(seed % 2**64)
