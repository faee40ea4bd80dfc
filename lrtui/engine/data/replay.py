"""Batches of one repeat used again for the next: faster than collating, and bit-equal."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

import torch

from lrtui.engine.restore.random_state import RandomGenerator, RngState, SavedGenerator
from lrtui.engine.restore.values import PLAIN
from lrtui.engine.types import Batch

_UNKNOWN = -1  # the version of an inference tensor: torch does not count its changes


class _Draw(NamedTuple):
    """A batch, with the versions of its tensors and the random states after it was drawn."""

    batch: Batch
    versions: list[int]
    rng: RngState
    generators: list[SavedGenerator]


class Replay:
    """Keeps the batches that are drawn through it, and the random states after each draw.

    With those states a replayed repeat sees the same random numbers (dropout, noise, later epochs)
    as one that collates its batches again.

    Args:
        batches: yields new batches.
        generators: random generators that they are drawn with, besides the global ones.
        max_bytes: keep no more than this.
    """

    def __init__(
        self,
        batches: Iterator[Batch],
        generators: Iterable[RandomGenerator] = (),
        max_bytes: int = 2**28,
    ) -> None:
        self._batches = batches
        self._generators = list(generators)
        self._bytes_left = max_bytes
        self._kept: list[_Draw] = []
        self._position = 0

    def __iter__(self) -> Iterator[Batch]:
        """Return itself."""
        return self

    def __next__(self) -> Batch:
        """The next batch: a kept one, or a new one, which is kept if it fits."""
        if self._position < len(self._kept):
            return self._replayed(self._kept[self._position])
        batch = next(self._batches)
        self._bytes_left -= _bytes(batch)
        if self._bytes_left >= 0:
            self._keep(batch)
        return batch

    @property
    def faithful(self) -> bool:
        """Whether all batches were kept, and no model has changed one since."""
        return self._bytes_left >= 0 and all(map(_unchanged, self._kept))

    def again(self) -> "Replay":
        """Start again at the first batch."""
        self._position = 0
        return self

    def _replayed(self, draw: _Draw) -> Batch:
        self._position += 1
        draw.rng.restore()
        for generator in draw.generators:
            generator.restore()
        return draw.batch

    def _keep(self, batch: Batch) -> None:
        generators = list(map(SavedGenerator, self._generators))
        self._kept.append(_Draw(batch, _versions(batch), RngState(devices=False), generators))
        self._position += 1


def _bytes(batch: Batch) -> int:
    return sum(tensor.nelement() * tensor.element_size() for tensor in _tensors(batch))


def _unchanged(draw: _Draw) -> bool:
    return _UNKNOWN not in draw.versions and _versions(draw.batch) == draw.versions


def _versions(batch: Batch) -> list[int]:
    return [_version(tensor) for tensor in _tensors(batch)]


def _version(tensor: torch.Tensor) -> int:
    return _UNKNOWN if tensor.is_inference() else tensor._version


def _tensors(data: Batch) -> list[torch.Tensor]:
    """Every tensor in a batch; an object that contains itself is visited once."""
    tensors: list[torch.Tensor] = []
    _collect(data, tensors, {})
    return tensors


def _collect(value: object, tensors: list[torch.Tensor], visited: dict[int, object]) -> None:
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return
    if isinstance(value, PLAIN) or id(value) in visited:
        return
    visited[id(value)] = value
    for item in _parts(value):
        _collect(item, tensors, visited)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, tuple | list):
        return value
    if hasattr(value, "__dict__") and not isinstance(value, type | Enum):
        return vars(value).values()
    return ()
