"""What a machine has for a range test, as a process with torch in it has found it. Plain data: front ends read it."""

import msgspec


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device, and for each precision why it does not work there: "" where it does."""

    device: str
    name: str
    precisions: dict[str, str] = {}


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Versions are "" where there is none; `fused` is why apex's fused optimizers do not work, "" where they do."""

    torch: str
    cuda: str = ""
    torchvision: str = ""
    timm: str = ""
    devices: tuple[Device, ...] = ()
    fused: str = ""
