"""The device of a run."""

import torch
from torch import nn

from lrtui.catalog.errors import PhaseError


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` is a GPU if there is one.

    Raises:
        PhaseError: the name is not a device, or this machine does not have it.
    """
    if name == "auto":
        return _best_device()
    try:
        device = torch.device(name)
    except RuntimeError as error:
        message = f"'{name}' is not a device: use auto, cpu, cuda or cuda:0"
        raise PhaseError("device", message) from error
    if device.type == "cuda":
        _check_cuda(name, device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise PhaseError("device", "mps is not available: use cpu")
    return device


def device_of(model: nn.Module) -> torch.device:
    """The device of a model's parameters; the CPU for a model without any."""
    first = next(model.parameters(), None)
    if first is None:
        return torch.device("cpu")
    return first.device


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def _check_cuda(name: str, index: int) -> None:
    if torch.version.cuda is None and not torch.cuda.is_available():
        raise PhaseError(
            "device", f"{name} is not available (this torch is built without CUDA): use cpu or auto"
        )
    if not torch.cuda.is_available():
        raise PhaseError("device", f"{name} is not available (torch sees no GPU): use cpu or auto")
    count = torch.cuda.device_count()
    if index < count:
        return
    gpus = "1 GPU" if count == 1 else f"{count} GPUs"
    raise PhaseError("device", f"{name} is not available: this machine has {gpus}, from cuda:0")
