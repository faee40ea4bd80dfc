"""Reading losses late: `.item()` after every step would make the host wait for the GPU, and the GPU then for the host.

Values are copied to pinned memory as they come to be and read a few steps later, when they have long arrived. Decisions
that rest on them (divergence) are late by as much; the curve is cut to what a reading at once would have kept.
"""

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

T = TypeVar("T")


@dataclass(frozen=True)
class _Sent:
    tag: Any
    present: tuple[bool, ...]
    buffer: torch.Tensor
    arrival: torch.cuda.Event | None


def read_late(
    measured: Iterator[tuple[T, tuple[Any, ...]]], device: torch.device, lag: int
) -> Generator[tuple[T, list[float | None]], None, None]:
    """Turn (tag, scalars on a device) into (tag, floats), `lag` items later; None stays None.

    When `measured` raises, what it had yielded still arrives, and the exception after that.
    """
    if lag == 0:
        for tag, values in measured:
            yield tag, [None if value is None else float(value) for value in values]
        return
    waiting: deque[_Sent] = deque()
    failure: Exception | None = None
    try:
        for tag, values in measured:
            waiting.append(_send(tag, values, device))
            if len(waiting) > lag:
                yield _receive(waiting.popleft())
    except Exception as error:  # noqa: BLE001 - re-raised below, once nothing measured can be lost any more
        failure = error
    while waiting:
        yield _receive(waiting.popleft())
    if failure is not None:
        raise failure


def default_lag(device: torch.device) -> int:
    """How many steps late to read: none where reading costs nothing."""
    return 4 if device.type == "cuda" else 0


def _send(tag: Any, values: tuple[Any, ...], device: torch.device) -> _Sent:
    present = tuple(value is not None for value in values)
    stacked = torch.stack([_scalar(value, device) for value in values if value is not None])
    if device.type != "cuda":
        return _Sent(tag, present, stacked, None)
    buffer = torch.empty(stacked.shape, dtype=torch.float64, pin_memory=True)
    buffer.copy_(stacked, non_blocking=True)
    arrival = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrival.record(torch.cuda.current_stream(device))
    return _Sent(tag, present, buffer, arrival)


def _scalar(value: Any, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(value, dtype=torch.float64, device=device).detach().reshape(())


def _receive(sent: _Sent) -> tuple[Any, list[float | None]]:
    if sent.arrival is not None:
        sent.arrival.synchronize()
    values = iter(sent.buffer.tolist())
    return sent.tag, [next(values) if there else None for there in sent.present]
