"""Libraries that may be absent or broken: imported where they are used, and told in one line. Worker only in effect."""

import importlib
from typing import Any

from lrtui.catalog.errors import CatalogError, one_line


def library(name: str, why: str = "") -> Any:
    """An optional library's module; CatalogError in one line when it is absent or broken.

    A CPU build of torch beside another's torchvision is the usual way for it to be broken (`nms does not exist`).
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name.split(".")[0]:
            purpose = f" ({why})" if why else ""
            raise CatalogError(
                f"{error.name} is not installed{purpose}: pip install {error.name}"
            ) from error
        raise CatalogError(f"{name} failed to import: {one_line(error)}") from error
    except Exception as error:
        hint = (
            ": it was built for another torch; install the pair that belongs together"
            if "nms" in str(error)
            else ""
        )
        raise CatalogError(f"{name} failed to import: {one_line(error)}{hint}") from error
