"""NVIDIA's apex: whether it is installed, is the right package, and which parts of it work.

The package called apex in the index is a toolkit for another web framework, and NVIDIA's own has no
`apex.amp` after its tag 25.05. Its version is 0.1 in every case, so only the sub-packages on disk
tell them apart. They are located without importing anything, and imported to see whether they work:
from 25.05 on `apex/__init__` imports amp, so one broken part breaks the import of all.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

INSTALL = (
    "NVIDIA's apex is built from its own repository; the package called apex in the index "
    "is another project"
)
_NVIDIA_PARTS = ("apex.amp", "apex.optimizers", "apex.normalization", "apex.parallel")
_USE_AUTOCAST = "use fp16 or bf16"
_USE_FUSED_TORCH = "use torch.optim with fused=True"


@dataclass(frozen=True)
class Finding:
    """Whether a part of apex can be used, and if not, why and what to use instead."""

    usable: bool
    reason: str = ""


def amp_finding() -> Finding:
    """Whether `apex.amp` (mixed precision O1 and O2) can be used."""
    problem = _package_problem()
    if problem is not None:
        return problem
    if _located("apex.amp") is None:
        return Finding(
            False,
            "this apex is too new: it has no amp any more (removed after 25.05); " + _USE_AUTOCAST,
        )
    return _import_finding("apex.amp", _USE_AUTOCAST)


def fused_finding() -> Finding:
    """Whether apex's fused optimizers can be used: they need its CUDA kernels."""
    problem = _package_problem()
    if problem is not None:
        return problem
    if _located("apex.optimizers") is None:
        return Finding(False, "this apex has no optimizers; " + _USE_FUSED_TORCH)
    if _located("amp_C") is None:
        return Finding(
            False, "apex was built without its CUDA kernels (amp_C); " + _USE_FUSED_TORCH
        )
    return _import_finding("apex.optimizers", _USE_FUSED_TORCH)


def amp() -> ModuleType:
    """The `apex.amp` module.

    Raises:
        ValueError: it cannot be used; the message says why, and what to use instead.
    """
    finding = amp_finding()
    if not finding.usable:
        raise ValueError(f"apex: {finding.reason}")
    return importlib.import_module("apex.amp")


def _package_problem() -> Finding | None:
    if _located("apex") is None:
        return Finding(False, f"apex is not installed ({INSTALL}); {_USE_AUTOCAST}")
    if not any(map(_located, _NVIDIA_PARTS)):
        return Finding(
            False,
            f"the installed apex is a foreign package of that name ({INSTALL}); {_USE_AUTOCAST}",
        )
    return None


def _import_finding(name: str, instead: str) -> Finding:
    try:
        importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - a broken build raises anything; the reason is reported
        return Finding(
            False, f"this build of apex is broken: {name} cannot be imported ({error}); {instead}"
        )
    return Finding(True)


def _located(name: str) -> ModuleSpec | None:
    """Where a module or sub-package is on disk, without importing its parent."""
    top_level = name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top_level)
    except (ImportError, ValueError):  # for example in sys.modules without a spec
        return None
    if name == top_level or spec is None:
        return spec
    folders = spec.submodule_search_locations
    return PathFinder.find_spec(name, folders) if folders else None
