"""What this machine has: `python -P -m lrtui.worker.machine` prints its `Findings` as JSON."""

import os
from importlib.metadata import PackageNotFoundError, version

import msgspec
import torch

from lrtui.catalog.errors import one_line, safe_line
from lrtui.engine import precision
from lrtui.engine.apex import fused_finding
from lrtui.protocol import Device, Findings

_REASON_LENGTH = 300


def findings() -> Findings:
    """Versions, devices and precisions: all that can be known without a model."""
    return Findings(
        torch=str(torch.__version__),
        cuda=torch.version.cuda or "",
        torchvision=_version("torchvision"),
        timm=_version("timm"),
        devices=tuple(map(_device, device_names())),
        fused=safe_line(fused_finding().reason, _REASON_LENGTH),
    )


def device_names() -> list[str]:
    """The devices that a run can be on, as torch names them."""
    names = ["cpu"]
    names += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def why_not(name: str, device: torch.device) -> str:
    """Why a precision does not work on a device; "" where a training step in it has just worked."""
    if name == "tf32" and not _has_tf32(device):
        needed = "it needs an NVIDIA GPU of the Ampere generation or newer"
        return f"it changes nothing on {device}: {needed}"
    try:
        kind = precision.of_name(name, device)
        # apex.amp would patch torch permanently, so it is enough there that it can be imported
        if not name.startswith("apex"):
            _try_step(kind, device)
    except ValueError as error:
        return safe_line(str(error), _REASON_LENGTH)
    except Exception as error:  # noqa: BLE001 - a driver may raise anything; this is the answer
        return one_line(error)
    return ""


def _try_step(kind: precision.Precision, device: torch.device) -> None:
    model = torch.nn.Linear(8, 8).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with precision.global_settings(kind, None):
        with kind.autocast():
            loss = model(torch.ones(4, 8, device=device)).float().mean()
        kind.backward(loss, [optimizer])
        kind.step(optimizer)
        kind.update()
    loss.item()  # waits for the device, which reports its errors late


def _device(name: str) -> Device:
    device = torch.device(name)
    reasons = {name: why_not(name, device) for name in precision.PRECISIONS}
    return Device(device=name, name=_description(device), precisions=reasons)


def _description(device: torch.device) -> str:
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if device.type == "cpu":
        return f"{torch.get_num_threads()} threads"
    return ""


def _has_tf32(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Print the findings, with stdout closed to everything that is imported for them."""
    out = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(out, "wb") as stream:
        stream.write(msgspec.json.encode(findings()) + b"\n")


if __name__ == "__main__":
    main()
