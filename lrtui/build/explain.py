"""Why a first batch failed, with both sides' numbers: what a layer is made for, and what reached it. Worker only."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import torch
from torch import nn

from lrtui.catalog.errors import one_line
from lrtui.engine.forward import summary

_WANTED = (
    "in_features",
    "in_channels",
    "num_features",
    "input_size",
    "num_embeddings",
    "embed_dim",
)


class Path(AbstractContextManager["Path"]):
    """Watches which module of a model is running, and with what, so that a failure can name the innermost one."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._hooks: list[Any] = []
        self._open: list[tuple[str, nn.Module, Any]] = []

    def __enter__(self) -> "Path":
        """Hook every module."""
        for name, part in self._model.named_modules():
            if isinstance(part, torch.jit.ScriptModule):
                continue  # takes no hooks
            self._hooks.append(part.register_forward_pre_hook(self._entered(name)))
            self._hooks.append(part.register_forward_hook(self._left))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the hooks off again."""
        for hook in self._hooks:
            hook.remove()

    @property
    def innermost(self) -> tuple[str, nn.Module, Any] | None:
        """The module that was entered last and not left: its name, itself, and its input."""
        return self._open[-1] if self._open else None

    def _entered(self, name: str) -> Any:
        def hook(part: nn.Module, inputs: Any) -> None:
            self._open.append((name, part, inputs[0] if len(inputs) == 1 else inputs))
            if (
                isinstance(part, nn.Embedding)
                and isinstance(inputs[0], torch.Tensor)
                and _of_embedding(part, inputs[0])
            ):
                # told before it happens: on a GPU an index out of range is an assert that no process survives
                raise IndexError("index out of range")

        return hook

    def _left(self, part: nn.Module, inputs: Any, output: Any) -> None:
        self._open.pop()


def of_forward(error: BaseException, path: Path) -> str:
    """A forward that failed: the layer, what it is made for, what it got."""
    if path.innermost is None:
        return f"the forward failed: {one_line(error)}"
    name, part, data = path.innermost
    where = f"{name} ({type(part).__name__})" if name else f"the forward of {type(part).__name__}"
    if isinstance(data, torch.Tensor) and not list(part.children()):
        reason = _mismatch(part, data)
        if reason:
            return f"{where} {reason}"
    return f"{where} failed on {summary(data)}: {one_line(error)}"


def of_loss(error: BaseException, name: str, output: Any, target: Any) -> str:
    """A criterion that failed: what the model gave beside what the data asks for."""
    both = f"the model gave {summary(output)}, the target is {summary(target)}"
    if not (isinstance(output, torch.Tensor) and isinstance(target, torch.Tensor)):
        return f"{name} failed: {one_line(error)}; {both}"
    if output.device != target.device:
        return f"{name}: the model's output is on {output.device}, the target on {target.device}"
    if isinstance(error, LabelError):
        return f"{name}: {error}"
    return f"{name} failed: {one_line(error)}; {both}"


class LabelError(IndexError):
    """A label that no score belongs to."""


def check_labels(criterion: Any, output: Any, target: Any) -> None:
    """Raise LabelError before a criterion meets a label out of range: on a GPU that is the end of the process."""
    if not isinstance(criterion, nn.CrossEntropyLoss | nn.NLLLoss) or not isinstance(
        output, torch.Tensor
    ):
        return
    if not isinstance(target, torch.Tensor) or target.is_floating_point() or output.dim() < 2:
        return
    last_dim = output.shape[:-1] == target.shape
    if not last_dim and output.shape[:1] + output.shape[2:] != target.shape:
        return
    counted = target[target != criterion.ignore_index]
    scores = output.shape[-1 if last_dim else 1]
    if counted.numel() and int(counted.max()) >= scores:
        last = int(counted.max())
        raise LabelError(
            f"labels go up to {last}, but the model gives {scores} scores: it needs {last + 1} classes"
        )
    if counted.numel() and int(counted.min()) < 0:
        raise LabelError(f"labels go down to {int(counted.min())}: they must begin at 0")


def of_memory(where: torch.device, batch: Any) -> str:
    """No memory for one step."""
    return f"out of memory on {where} with a batch of {summary(batch)}: lower loader.batch_size, or the model's size"


def _mismatch(part: nn.Module, data: torch.Tensor) -> str:
    """What does not fit between a layer and its input: device, type or size, in this order; "" when nothing is seen."""
    weight = next(part.parameters(recurse=False), None)
    if weight is not None and weight.device != data.device:
        return f"is on {weight.device}, but its input is on {data.device}"
    if isinstance(part, nn.Embedding | nn.EmbeddingBag):
        return _of_embedding(part, data)
    wanted, got = _sizes(part, data)
    if wanted is not None and wanted[1] != got:
        return f"expects {wanted[0]}={wanted[1]}, but its input is {summary(data)}, which has {got}"
    if weight is not None and weight.dtype != data.dtype:
        return f"has {_type(weight)} weights, but its input is {_type(data)}: convert one of them"
    return ""


def _sizes(part: nn.Module, data: torch.Tensor) -> tuple[tuple[str, int] | None, int | None]:
    """What a layer's size parameter is, and the input's size in the dimension that it speaks of."""
    name = next((name for name in _WANTED if isinstance(getattr(part, name, None), int)), None)
    if name is None or data.dim() == 0:
        return None, None
    last = (
        isinstance(part, nn.Linear | nn.RNNBase | nn.RNNCellBase | nn.MultiheadAttention)
        or data.dim() == 1
    )
    got = data.shape[-1] if last else data.shape[1] if data.dim() > 1 else None
    return (name, int(getattr(part, name))), got


def _of_embedding(part: Any, data: torch.Tensor) -> str:
    if data.is_floating_point():
        return f"expects whole numbers, but its input is {summary(data)}"
    low, high = (int(data.min()), int(data.max())) if data.numel() else (0, 0)
    if low < 0 or high >= part.num_embeddings:
        return f"expects numbers from 0 to {part.num_embeddings - 1}, but its input goes from {low} to {high}"
    return ""


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
