"""What a device does to a run: too little memory, an assert in a kernel, a device that is gone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import torch

from lrtui.output.exceptions import chain, message_of

Trouble = Literal["memory", "host memory", "assert", "lost"]
WHAT_HAPPENED: Mapping[Trouble, str] = MappingProxyType(
    {
        "memory": "out of memory",
        "host memory": "the machine is out of memory",
        "assert": "an assert failed on the device",
        "lost": "the device failed",
    }
)
FIRST_HELP: Mapping[Trouble, str] = MappingProxyType(
    {"memory": "use smaller batches, or a smaller model"}
)
# parts of messages, in lower case: torch has no types for most of them
_MEMORY = (
    "out of memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "hiperroroutofmemory",
)
_HOST_MEMORY = ("defaultcpuallocator: can't allocate memory", "defaultcpuallocator: not enough")
_ASSERT = ("device-side assert", "assert triggered")
_LOST = ("cuda error", "hip error", "cublas_status", "cudnn error", "cusolver error", "nccl error")


def device_trouble(error: BaseException) -> Trouble | None:
    """What kind of device failure an exception or one of its causes is; None for any other."""
    for cause in chain(error):
        trouble = _trouble(cause)
        if trouble is not None:
            return trouble
    return None


def _trouble(error: BaseException) -> Trouble | None:
    if isinstance(error, torch.OutOfMemoryError):
        return "memory"
    if isinstance(error, MemoryError):
        return "host memory"
    if not isinstance(error, RuntimeError):
        return None
    message = message_of(error).lower()
    if _has(message, _HOST_MEMORY):
        return "host memory"
    is_device = _is_accelerator_error(error) or _has(message, _LOST)
    if _has(message, _MEMORY) and (is_device or message.startswith(("cuda", "mps", "hip"))):
        return "memory"
    if is_device and _has(message, _ASSERT):
        return "assert"
    return "lost" if is_device else None


def _is_accelerator_error(error: BaseException) -> bool:
    kind: type[BaseException] | None = getattr(torch, "AcceleratorError", None)  # torch 2.8
    return kind is not None and isinstance(error, kind)


def _has(message: str, parts: tuple[str, ...]) -> bool:
    return any(part in message for part in parts)
