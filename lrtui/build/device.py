"""Where a run happens. Worker only: torch is imported."""

import torch

from lrtui.catalog.errors import PhaseError


def choose(name: str) -> torch.device:
    """The device of a name; `auto` is the GPU where there is one. PhaseError when it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _mps() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise PhaseError(
            "device", f"'{name}' is no device: use auto, cpu, cuda or cuda:0"
        ) from error
    if device.type == "cuda":
        _need_cuda(name, device.index or 0)
    elif device.type == "mps" and not _mps():
        raise PhaseError("device", "mps is not there: use cpu")
    return device


def _need_cuda(name: str, index: int) -> None:
    if not torch.cuda.is_available():
        why = (
            "this build of torch has no CUDA" if torch.version.cuda is None else "torch sees no GPU"
        )
        raise PhaseError("device", f"{name} is not there ({why}): use cpu, or auto")
    count = torch.cuda.device_count()
    if index >= count:
        raise PhaseError(
            "device",
            f"{name} is not there: this machine has {count} GPU{'s' * (count != 1)}, from cuda:0",
        )


def _mps() -> bool:
    return torch.backends.mps.is_available()
