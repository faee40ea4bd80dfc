"""Losses read a few steps late, so that the host does not wait for the GPU after every step.

`.item()` after a step makes the host wait for the GPU, and then the GPU for the host. So scalars
are copied to pinned memory as they are computed and read a few steps later, when they have arrived.
Decisions that depend on them (divergence) come as many steps late, and the steps in between are
dropped: the curve is the one that reading at once would have given.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import torch

from lrtui.engine.types import Scalar

_SCALARS = ("loss", "train_loss", "metric", "loss_scale")


class Point(NamedTuple):
    """A measurement on the host: a `Measurement` with Python floats."""

    iteration: int
    lrs: tuple[float, ...]
    loss: float
    train_loss: float | None = None
    metric: float | None = None
    loss_scale: float | None = None


class Measurement(NamedTuple):
    """What one iteration measured. The scalars may still be on the device."""

    iteration: int
    lrs: tuple[float, ...]  # of every parameter group
    loss: Scalar
    train_loss: Scalar | None = None  # if `loss` is the validation loss
    metric: Scalar | None = None
    loss_scale: Scalar | None = None  # after the step

    def read(self) -> Point:
        """The point; waits for the device."""
        return Point(
            self.iteration,
            self.lrs,
            float(self.loss),
            _read(self.train_loss),
            _read(self.metric),
            _read(self.loss_scale),
        )


class LateReader:
    """Reads measurements in order, each once `lag` more have been added."""

    def __init__(self, device: torch.device, lag: int) -> None:
        self._device = device
        self._lag = lag
        self._waiting: deque[Measurement | _Copying] = deque()

    def add(self, measurement: Measurement) -> None:
        """Start to copy a measurement to the host."""
        if self._lag == 0:
            self._waiting.append(measurement)
        else:
            self._waiting.append(_copy(measurement, self._device))

    def arrived(self) -> Iterator[Point]:
        """The points that are due now."""
        while len(self._waiting) > self._lag:
            yield self._waiting.popleft().read()

    def remaining(self) -> Iterator[Point]:
        """All points that have not been read; waits for the device."""
        while self._waiting:
            yield self._waiting.popleft().read()

    def readable(self) -> Iterator[Point]:
        """The same after a failure, which may be the device's: up to what it cannot give."""
        while self._waiting:
            try:
                point = self._waiting.popleft().read()
            except RuntimeError:
                return
            yield point


class _Copying(NamedTuple):
    """A measurement on its way to the host; `buffer` holds the scalars that it has, by `names`."""

    iteration: int
    lrs: tuple[float, ...]
    names: list[str]
    buffer: torch.Tensor
    arrival: torch.cuda.Event | None

    def read(self) -> Point:
        if self.arrival is not None:
            self.arrival.synchronize()
        values: dict[str, float] = dict(zip(self.names, self.buffer.tolist(), strict=True))
        return Point(self.iteration, self.lrs, **values)


def default_lag(device: torch.device) -> int:
    """How many steps late to read: 0 where reading costs nothing."""
    return 4 if device.type == "cuda" else 0


def _copy(measurement: Measurement, device: torch.device) -> _Copying:
    iteration, lrs = measurement.iteration, measurement.lrs
    names = [name for name in _SCALARS if getattr(measurement, name) is not None]
    scalars = torch.stack([_on_device(getattr(measurement, name), device) for name in names])
    if device.type != "cuda":
        return _Copying(iteration, lrs, names, scalars, None)
    buffer = torch.empty(scalars.shape, dtype=torch.float64, pin_memory=True)
    buffer.copy_(scalars, non_blocking=True)
    arrival = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrival.record(torch.cuda.current_stream(device))
    return _Copying(iteration, lrs, names, buffer, arrival)


def _on_device(value: Scalar, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(value, dtype=torch.float64, device=device).detach().reshape(())


def _read(value: Scalar | None) -> float | None:
    return None if value is None else float(value)
