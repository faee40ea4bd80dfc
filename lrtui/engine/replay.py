"""Replay: the batches of one repeat again for the next: faster than collating them, and the same to the last bit."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

import torch

from lrtui.engine.restore.attributes import PLAIN
from lrtui.engine.restore.random_state import RngState

_UNKNOWN = -1  # an inference tensor's version: nobody counts what is written into it


class _Draw(NamedTuple):
    batch: Any
    versions: list[int]
    rng: RngState
    generators: list[torch.Tensor]


class Replay:
    """Keeps the batches that are drawn through it, and the random states behind each draw.

    With those a replayed repeat sees the same random numbers (dropout, noise, later epochs) as a collated one would.

    Args:
        batches: where new batches come from.
        generators: random generators that they are drawn with, beside the global ones.
        max_bytes: keep no more than this.
    """

    def __init__(
        self,
        batches: Iterator[Any],
        generators: Iterable[torch.Generator] = (),
        max_bytes: int = 2**28,
    ) -> None:
        self._batches = batches
        self._generators = list(generators)
        self._room = max_bytes
        self._kept: list[_Draw] = []
        self._next = 0

    def __iter__(self) -> Iterator[Any]:
        """Return itself."""
        return self

    def __next__(self) -> Any:
        """The next batch: a kept one, or a new one, which is kept while there is room."""
        if self._next < len(self._kept):
            draw = self._kept[self._next]
            self._next += 1
            draw.rng.restore()
            for generator, state in zip(self._generators, draw.generators, strict=True):
                generator.set_state(state)
            return draw.batch
        batch = next(self._batches)
        self._room -= sum(tensor.nelement() * tensor.element_size() for tensor in _tensors(batch))
        if self._room >= 0:
            states = [generator.get_state() for generator in self._generators]
            self._kept.append(_Draw(batch, _versions(batch), RngState(devices=False), states))
            self._next += 1
        return batch

    @property
    def faithful(self) -> bool:
        """Whether all batches were kept, and no model has written into one since."""
        return self._room >= 0 and all(
            _UNKNOWN not in draw.versions and _versions(draw.batch) == draw.versions
            for draw in self._kept
        )

    def again(self) -> "Replay":
        """Begin with the first batch once more."""
        self._next = 0
        return self


def _versions(batch: Any) -> list[int]:
    return [_UNKNOWN if tensor.is_inference() else tensor._version for tensor in _tensors(batch)]


def _tensors(data: Any) -> list[torch.Tensor]:
    """Every tensor in a batch; an object that leads back to itself is looked into once."""
    found: list[torch.Tensor] = []
    seen: dict[int, Any] = {}

    def look(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, PLAIN) or id(value) in seen:
            return
        elif isinstance(value, Mapping | tuple | list):
            seen[id(value)] = value
            for item in value.values() if isinstance(value, Mapping) else value:
                look(item)
        elif hasattr(value, "__dict__") and not isinstance(value, type | Enum):
            seen[id(value)] = value
            for item in vars(value).values():
                look(item)

    look(data)
    return found
