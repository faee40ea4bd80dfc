"""Why a loss has no gradients: frozen parameters, a forward without gradients, a cut graph.

The forward runs once more under a mode that sees every call of torch: the first one that is given
something with a graph, and returns something without, is the reason.
"""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from lrtui.engine.checks.updates import OptimizerError
from lrtui.engine.optim import parameters_of

_LIBRARIES = (Path(torch.__file__).parent, Path(__file__).parents[2])
_CUTS = {
    "detach": ".detach()",
    "detach_": ".detach_()",
    "__get__": ".data",
    "numpy": ".numpy()",
    "item": ".item()",
    "tolist": ".tolist()",
    "__float__": "float()",
}  # what is meant to leave the graph, as people write it


class NoGradientError(RuntimeError):
    """A loss without a graph."""


class _Cut(NamedTuple):
    """A call that was given something with a graph and returned something without."""

    what: str  # the function, or the mode that was on
    line: str  # of the user's code
    in_model: bool


def why_no_gradient(model: nn.Module, compute_loss: Callable[[], object]) -> str:
    """Why the loss has no gradients, in one line with the way out.

    Args:
        model: whose forward belongs to the loss.
        compute_loss: computes it once more.
    """
    parameters = list(model.parameters())
    if not parameters:
        return "nothing needs gradients: the model has no parameters"
    if not any(parameter.requires_grad for parameter in parameters):
        return (
            f"nothing needs gradients: all {len(parameters)} parameters of the model are frozen"
            " (requires_grad is False): unfreeze those to train,"
            " model.head.requires_grad_(True) for example"
        )
    return f"nothing needs gradients: {_reason(_first_cut(model, compute_loss), model)}"


def check_gradients(optimizers: Sequence[Optimizer], modules: Iterable[object]) -> None:
    """Check after a backward pass that the optimizers have parameters of the models.

    Raises:
        OptimizerError: none of theirs has a gradient, and none is a parameter of the models.
    """
    ours = parameters_of(optimizers)
    if not ours or any(parameter.grad is not None for parameter in ours):
        return
    theirs: set[int] = set()
    for module in modules:
        if isinstance(module, nn.Module):
            theirs.update(map(id, module.parameters()))
    if any(id(parameter) in theirs for parameter in ours):
        return  # an update within the backward pass clears gradients
    raise OptimizerError(
        "none of the optimizer's parameters gets a gradient: they are not the model's parameters."
        " Make the optimizer from the parameters of the model that is tested"
    )


def _reason(cut: _Cut | None, model: nn.Module) -> str:
    name = type(model).__name__
    if cut is None:
        return (
            f"the output of {name} does not depend on its parameters, or they were used under"
            " torch.no_grad(), or the output was detached (.detach(), .numpy(), argmax)"
        )
    place = f" ({cut.line})" if cut.line else ""
    if cut.what in ("torch.no_grad()", "torch.inference_mode()"):
        where = f"the forward of {name}" if cut.in_model else "the criterion or step"
        return f"{where} runs under {cut.what}{place}: remove it, or leave it while training"
    where = f"the output of {name}" if cut.in_model else "the loss of the criterion or step"
    return f"{where} is detached by {cut.what}{place}: return a tensor that keeps its graph"


def _first_cut(model: nn.Module, compute_loss: Callable[[], object]) -> _Cut | None:
    mode = _Calls()
    begins = model.register_forward_pre_hook(mode.enter)
    ends = model.register_forward_hook(mode.leave)
    try:
        with contextlib.suppress(Exception), warnings.catch_warnings(), torch.enable_grad(), mode:
            warnings.simplefilter("ignore")
            compute_loss()
    finally:
        begins.remove()
        ends.remove()
    meant = [cut for cut in mode.cuts if cut.what.endswith("()") or cut.what == ".data"]
    return next(iter(meant or mode.cuts), None)


class _Calls(TorchFunctionMode):
    """Collects the cuts since the last call that returned something with a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts: list[_Cut] = []
        self._in_model = False

    def enter(self, *_: Any) -> None:
        """The model's forward begins."""
        self._in_model = True

    def leave(self, *_: Any) -> None:
        """The model's forward has returned."""
        self._in_model = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call, and compare what went in with what came out."""
        result = func(*args, **(kwargs or {}))
        if _has_graph(result):
            self.cuts.clear()
        elif _has_graph((args, kwargs)) and _cuts(func, result):
            self.cuts.append(_Cut(_what(func), _user_line(), self._in_model))
        return result


def _cuts(func: Any, result: object) -> bool:
    """Whether a call without a graph in its result is a cut, and not a look at a shape."""
    return isinstance(result, torch.Tensor) or func.__name__ in _CUTS or _holds_tensor(result)


def _what(func: Any) -> str:
    if torch.is_inference_mode_enabled():
        return "torch.inference_mode()"
    if not torch.is_grad_enabled():
        return "torch.no_grad()"
    name: str = func.__name__
    return _CUTS.get(name, name)


def _has_graph(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.requires_grad
    if isinstance(value, dict):
        return any(map(_has_graph, value.values()))
    if isinstance(value, tuple | list):
        return any(map(_has_graph, value))
    return False


def _holds_tensor(value: object) -> bool:
    if isinstance(value, tuple | list):
        return any(isinstance(item, torch.Tensor) for item in value)
    return False


def _user_line() -> str:
    """The innermost line that is neither torch's nor lrtui's, as `net.py:12`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.suffix == ".py" and not any(path.is_relative_to(root) for root in _LIBRARIES):
            return f"{path.name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
