"""Libraries that may be absent or broken: imported where they are used."""

import importlib
from types import ModuleType

from lrtui.catalog.errors import CatalogError, one_line


def import_library(name: str, purpose: str = "") -> ModuleType:
    """An optional library's module.

    Raises:
        CatalogError: it is absent or broken. Often torchvision was built for another torch: then
            its import fails with `nms does not exist`.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0]:
            raise CatalogError(f"{name} failed to import: {one_line(error)}") from error
        what = f"{error.name} is not installed"
        if purpose:
            what += f" ({purpose})"
        raise CatalogError(f"{what}: pip install {error.name}") from error
    except Exception as error:
        message = f"{name} failed to import: {one_line(error)}"
        if "nms" in str(error):
            message += ": it was built for another torch; install the pair that belongs together"
        raise CatalogError(message) from error
