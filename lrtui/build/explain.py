"""Why a first batch failed: what a layer or criterion expects, and what it got."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from lrtui.catalog.errors import one_line, with_user_line
from lrtui.engine.failures.described import DROP_LAST, ONE_EXAMPLE, one_example
from lrtui.engine.failures.labels import LabelError, explained
from lrtui.engine.reading.words import summary
from lrtui.engine.types import Batch, ModelOutput, Target
from lrtui.output.exceptions import message_of

_SIZE_PARAMETERS = (
    "in_features",
    "in_channels",
    "num_features",
    "input_size",
    "num_embeddings",
    "embed_dim",
)
_SIZE_IN_LAST_DIMENSION = (nn.Linear, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)


class Running(NamedTuple):
    """A module whose forward has begun and not returned."""

    name: str
    module: nn.Module
    data: Batch  # its input, or a tuple of several


class ForwardTrace(AbstractContextManager["ForwardTrace"]):
    """Records which modules of a model are running: a failure names the innermost one."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._hooks: list[RemovableHandle] = []
        self._running: list[Running] = []

    def __enter__(self) -> "ForwardTrace":
        """Add hooks to every module."""
        for name, module in self._model.named_modules():
            if isinstance(module, torch.jit.ScriptModule):
                continue  # it takes no hooks
            self._hooks.append(module.register_forward_pre_hook(_EnterHook(name, self._running)))
            self._hooks.append(module.register_forward_hook(self._leave))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the hooks."""
        for hook in self._hooks:
            hook.remove()

    @property
    def innermost(self) -> Running | None:
        """The module whose forward began last and did not return, or None."""
        if not self._running:
            return None
        return self._running[-1]

    def _leave(self, module: nn.Module, inputs: Batch, output: ModelOutput) -> None:
        self._running.pop()


class _EnterHook:
    """Records that a module of that name begins its forward."""

    def __init__(self, name: str, running: list[Running]) -> None:
        self._name = name
        self._running = running

    def __call__(self, module: nn.Module, inputs: tuple[Batch, ...]) -> None:
        data = inputs[0] if len(inputs) == 1 else inputs
        if not self._name:
            self._running.clear()  # a reading of the batch before this one has failed
        self._running.append(Running(self._name, module, data))
        if not isinstance(module, nn.Embedding) or not isinstance(inputs[0], torch.Tensor):
            return
        if _embedding_mismatch(module, inputs[0]):
            # checked first: on a GPU an index out of range is an assert that ends the process
            raise IndexError("index out of range")


def forward_failure(error: BaseException, trace: ForwardTrace) -> str:
    """The message for a forward that failed: the layer, what it expects, what it got."""
    running = trace.innermost
    if ONE_EXAMPLE in message_of(error):
        example = one_example(None if running is None else running.data)
        return f"the first batch: {example}: use larger batches, and {DROP_LAST} for a last one"
    if running is None:
        return with_user_line(f"the forward failed: {one_line(error)}", error)
    module, data = running.module, running.data
    kind = type(module).__name__
    where = f"{running.name} ({kind})" if running.name else f"the forward of {kind}"
    is_layer = next(module.children(), None) is None
    if is_layer and isinstance(data, torch.Tensor):
        mismatch = _mismatch(module, data)
        if mismatch:
            return f"{where} {mismatch}"
    return with_user_line(f"{where} failed on {summary(data)}: {one_line(error)}", error)


def scorer_failure(error: BaseException, name: str, output: ModelOutput, target: Target) -> str:
    """The message for a criterion or metric that failed: the model's output beside the target."""
    both = isinstance(output, torch.Tensor) and isinstance(target, torch.Tensor)
    if both and output.device != target.device:
        devices = f"on {output.device}, the target on {target.device}"
        return f"{name}: the model's output is {devices}"
    reason = str(error) if isinstance(error, LabelError) else explained(error)
    if reason:
        return with_user_line(f"{name}: {reason}", error)
    sides = f"the model gave {summary(output)}, the target is {summary(target)}"
    return with_user_line(f"{name} failed: {one_line(error)}; {sides}", error)


def out_of_memory(device: torch.device, batch: Batch) -> str:
    """The message for a device without enough memory for one step."""
    message = f"out of memory on {device} with a batch of {summary(batch)}"
    return f"{message}: lower loader.batch_size, or the model's size"


def _mismatch(layer: nn.Module, data: torch.Tensor) -> str:
    """What differs between a layer and its input: device, size or type; "" if nothing does."""
    weight = next(layer.parameters(recurse=False), None)
    if weight is not None and weight.device != data.device:
        return f"is on {weight.device}, but its input is on {data.device}"
    if isinstance(layer, nn.Embedding | nn.EmbeddingBag):
        return _embedding_mismatch(layer, data)
    mismatch = _size_mismatch(layer, data)
    if mismatch:
        return mismatch
    if weight is not None and weight.dtype != data.dtype:
        types = f"{_type(weight)} weights, but its input is {_type(data)}"
        return f"has {types}: convert one of them"
    return ""


def _size_mismatch(layer: nn.Module, data: torch.Tensor) -> str:
    """Compare a layer's size parameter with the input's size in the dimension that it describes."""
    parameter = _size_parameter(layer)
    if parameter is None or data.dim() == 0:
        return ""
    expected = getattr(layer, parameter)
    is_last = data.dim() == 1 or isinstance(layer, _SIZE_IN_LAST_DIMENSION)
    size = data.shape[-1 if is_last else 1]
    if size == expected:
        return ""
    return f"expects {parameter}={expected}, but its input is {summary(data)}, which has {size}"


def _size_parameter(layer: nn.Module) -> str | None:
    for name in _SIZE_PARAMETERS:
        if isinstance(getattr(layer, name, None), int):
            return name
    return None


def _embedding_mismatch(layer: nn.Embedding | nn.EmbeddingBag, data: torch.Tensor) -> str:
    if data.is_floating_point():
        return f"expects whole numbers, but its input is {summary(data)}"
    if not data.numel():
        return ""
    low, high = int(data.min()), int(data.max())
    if low >= 0 and high < layer.num_embeddings:
        return ""
    last = layer.num_embeddings - 1
    return f"expects numbers from 0 to {last}, but its input goes from {low} to {high}"


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
