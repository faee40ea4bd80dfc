"""NVIDIA's apex: is it there, is it the right package, and which parts of it work.

The package of that name in the index is a toolkit for another web framework, and NVIDIA's own lost `apex.amp` after its
tag 25.05; its version says 0.1 whatever it holds. So what counts is the sub-package that can be imported.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from types import ModuleType

INSTALL = "NVIDIA's apex is built from its own repository; the package called apex in the index is another project"


@dataclass(frozen=True)
class Finding:
    """Whether a part of apex can be used, and if not, why and what to use instead."""

    usable: bool
    reason: str = ""


def amp_finding() -> Finding:
    """Whether `apex.amp` (mixed precision O1 and O2) can be used."""
    missing = _package_finding()
    if missing:
        return missing
    if _find("apex.amp") is None:
        return Finding(
            False,
            "this apex is too new: it has no amp any more (removed after 25.05); use fp16 or bf16",
        )
    try:
        importlib.import_module("apex.amp")
    except Exception as error:  # noqa: BLE001 - a broken build raises anything at import, and the reason is passed on
        return Finding(False, f"apex.amp cannot be imported ({error}); use fp16 or bf16")
    return Finding(True)


def fused_finding() -> Finding:
    """Whether apex's fused optimizers can be used: they need its CUDA kernels."""
    missing = _package_finding()
    if missing:
        return missing
    if _find("apex.optimizers") is None:
        return Finding(False, "this apex has no optimizers; use torch.optim with fused=True")
    if _find("amp_C") is None:
        return Finding(
            False,
            "apex was built without its CUDA kernels (amp_C); use torch.optim with fused=True",
        )
    return Finding(True)


def amp() -> ModuleType:
    """The `apex.amp` module.

    Raises:
        ValueError: it cannot be used; the text says why, and what to use instead.
    """
    finding = amp_finding()
    if not finding.usable:
        raise ValueError(f"apex: {finding.reason}")
    return importlib.import_module("apex.amp")


def _package_finding() -> Finding | None:
    spec = _find("apex")
    if spec is None:
        return Finding(False, f"apex is not installed ({INSTALL}); use fp16 or bf16")
    parts = ("apex.amp", "apex.optimizers", "apex.normalization", "apex.parallel")
    if not any(_find(part) for part in parts):
        return Finding(
            False,
            f"the installed apex is a foreign package of that name ({INSTALL}); use fp16 or bf16",
        )
    return None


def _find(name: str) -> object | None:
    try:
        return importlib.util.find_spec(name)
    except Exception:  # noqa: BLE001 - finding a sub-package imports its parent, which may raise anything when it is foreign
        return None
