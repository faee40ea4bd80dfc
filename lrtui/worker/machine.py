"""Look at this machine: `python -P -m lrtui.worker.machine` prints its `Findings` as a line of JSON."""

import os
from importlib.metadata import PackageNotFoundError, version

import msgspec
import torch

from lrtui.catalog.errors import one_line, safe_line
from lrtui.engine import precision
from lrtui.engine.apex import fused_finding
from lrtui.protocol import Device, Findings


def look() -> Findings:
    """All that can be known without a model."""
    return Findings(
        torch=str(torch.__version__),
        cuda=torch.version.cuda or "",
        torchvision=_version("torchvision"),
        timm=_version("timm"),
        devices=tuple(_device(torch.device(name)) for name in _names()),
        fused=safe_line(fused_finding().reason, 300),
    )


def why_not(name: str, device: torch.device) -> str:
    """Why a precision does not work on a device; "" where a step in it has just worked."""
    if name == "tf32" and not _has_tf32(device):
        return f"it changes nothing on {device}: it needs an NVIDIA GPU of the Ampere generation or newer"
    try:
        kind = precision.of_name(name, device)
        if not name.startswith(
            "apex"
        ):  # apex.amp would patch torch for good; that it can be imported has to do
            _step(kind, device)
    except ValueError as error:
        return safe_line(str(error), 300)
    except Exception as error:  # noqa: BLE001 - a driver may raise anything, and the reason is what is asked for
        return one_line(error)
    return ""


def _step(kind: precision.Precision, device: torch.device) -> None:
    model = torch.nn.Linear(8, 8).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with precision.global_settings(kind, None):
        with kind.autocast():
            loss = model(torch.ones(4, 8, device=device)).float().mean()
        kind.backward(loss, [optimizer])
        kind.step(optimizer)
        kind.update()
    loss.item()


def _device(device: torch.device) -> Device:
    reasons = {name: why_not(name, device) for name in precision.PRECISIONS}
    return Device(device=str(device), name=_name(device), precisions=reasons)


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    return f"{torch.get_num_threads()} threads" if device.type == "cpu" else ""


def _names() -> list[str]:
    names = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return [*names, "mps"] if torch.backends.mps.is_available() else names


def _has_tf32(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Print the findings, and let nothing that is imported print among them."""
    out = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(out, "wb") as stream:
        stream.write(msgspec.json.encode(look()) + b"\n")


if __name__ == "__main__":
    main()
