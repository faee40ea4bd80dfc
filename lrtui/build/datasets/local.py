"""Fashion-MNIST from Debian's package dataset-fashion-mnist: real data without a network."""

import gzip
import secrets
import shutil
from pathlib import Path

from lrtui.files import open_private

PACKAGED = Path("/usr/share/datasets/fashion-mnist")


def is_installed() -> bool:
    """Whether the package is installed."""
    return any(PACKAGED.glob("*.gz"))


def unpack(folder: Path) -> None:
    """Write the files as torchvision's download does; existing files are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for packed in sorted(PACKAGED.glob("*.gz")):
        path = folder / packed.stem
        if path.exists():
            continue
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        with gzip.open(packed) as source, open_private(part) as file:
            shutil.copyfileobj(source, file)
        part.rename(path)
