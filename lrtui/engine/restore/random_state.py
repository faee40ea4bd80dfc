"""Random states: Python's, numpy's, torch's, those of accelerators and of single generators."""

import copy
import random
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import torch

RandomGenerator: TypeAlias = (
    torch.Generator
    | np.random.Generator
    | np.random.BitGenerator
    | np.random.RandomState
    | random.Random
)


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
    """A random generator of torch, numpy or Python, and its current state."""

    def __init__(self, generator: RandomGenerator) -> None:
        self.generator = generator
        self._state = _state_of(generator)

    def restore(self) -> None:
        """Put the state back."""
        _set_state(self.generator, self._state)


def reseed(seed: int, generators: Iterable[RandomGenerator] = ()) -> None:
    """Seed all global random generators, and the given ones."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**64)
    for position, generator in enumerate(generators):
        _seed(generator, seed, position)


def _state_of(generator: RandomGenerator) -> Any:
    if isinstance(generator, np.random.Generator):
        generator = generator.bit_generator
    if isinstance(generator, np.random.BitGenerator):
        return copy.deepcopy(generator.state)
    if isinstance(generator, np.random.RandomState):
        return copy.deepcopy(generator.get_state(legacy=False))
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.get_state()


def _set_state(generator: RandomGenerator, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator = generator.bit_generator
    if isinstance(generator, np.random.BitGenerator):
        generator.state = state
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    else:
        generator.set_state(state)


def _seed(generator: RandomGenerator, seed: int, position: int) -> None:
    """Seed one of several generators: those of numpy and Python each get numbers of their own."""
    if isinstance(generator, torch.Generator):
        generator.manual_seed(seed % 2**64)
    elif isinstance(generator, random.Random):
        generator.seed(f"{seed} {position}")
    else:
        _seed_numpy(generator, [seed % 2**64, position])


def _seed_numpy(
    generator: np.random.Generator | np.random.BitGenerator | np.random.RandomState,
    entropy: list[int],
) -> None:
    if isinstance(generator, np.random.RandomState):
        generator = generator._bit_generator
    if isinstance(generator, np.random.Generator):
        generator = generator.bit_generator
    generator.state = type(generator)(entropy).state
