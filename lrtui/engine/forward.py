"""Forward: what a batch is, how the model is called with it, and where the loss comes from."""

import functools
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from lrtui.engine.signature import TARGET_KEYS, forward_inputs, keywords, required_inputs


class BatchError(ValueError):
    """A batch, or what a model made of it, that nothing can be done with."""


class Output(NamedTuple):
    """What a forward gives: the loss (scalar, with its graph), what it is a mean over, a metric where there is one."""

    loss: torch.Tensor
    target: Any
    inputs: tuple[Any, ...] = ()
    metric: Any = None

    @property
    def size(self) -> int:
        """How many examples the loss is a mean over."""
        return batch_size(self.target, self.inputs)


class Forward:
    """Calls the model on a batch and measures the loss.

    A batch is (in this order): whatever the user's `batch_step` takes; (inputs, target) as a `DataLoaderIter` splits
    it; a tuple or list, of which the model's forward gets as many as it requires (one, where it takes any number) and
    the criterion the next one; a mapping, of which the forward gets what it has parameters for, by name, or all of it
    where it has none of those; a tensor or any other object, passed as it is. Inputs that are a tuple or a mapping
    themselves are passed one by one to a forward that requires several.
    Without a criterion the model returns its loss; a forward that has an optional parameter of a target's name
    (`targets`, `labels`, …) right after those that it requires gets one item more. A loss, from wherever it comes, is a
    scalar, alone or the first one in a tuple or list, or what an object or mapping has as `loss`.
    """

    def __init__(
        self,
        model: nn.Module,
        criterion: Callable[[Any, Any], torch.Tensor] | None,
        batch_step: Callable[..., Any] | None = None,
        metric: Callable[[Any, Any], Any] | None = None,
        split: bool = False,
    ) -> None:
        self._model = model
        self._criterion = criterion
        self._batch_step = batch_step
        self._metric = metric
        self._split = split
        self._inputs = required_inputs(model)
        self._names = keywords(model)
        self._replicated = isinstance(model, nn.DataParallel)
        self._takes_tensors = _is_torchs(criterion)

    def __call__(self, batch: Any, *extra: Any) -> Output:
        """The output for one batch that is on the model's device already; `extra` goes to the user's step.

        Raises:
            BatchError: the batch has no target, or no loss came out.
        """
        if self._batch_step is not None:
            return _step_output(self._batch_step(self._model, batch, *extra), batch)
        if self._split or is_sequence(batch):
            arguments, target = self._pair(batch)
            return self._scored(self._called(arguments), target, arguments)
        if isinstance(batch, Mapping):
            inputs, target = self._keywords(batch)
            return self._scored(self._called_by_name(inputs), target, tuple(inputs.values()))
        return self._scored(self._model(batch), target_attribute(batch), (batch,))

    def describe(self, batch: Any) -> str:
        """What a batch is taken for, in words."""
        shown = summary(batch)
        if self._batch_step is not None:
            return f"{shown}, given to the step whole"
        if self._split or is_sequence(batch):
            arguments, target = self._pair(batch)
            inputs = ", ".join(map(summary, arguments))
            return f"input {inputs}" + (f", target {summary(target)}" if self._criterion else "")
        if isinstance(batch, Mapping):
            return f"keyword arguments {shown}"
        return shown

    def _called(self, arguments: tuple[Any, ...]) -> Any:
        if len(arguments) == 1 < self._inputs and is_sequence(arguments[0]):
            return self._model(*arguments[0])
        if len(arguments) == 1 and isinstance(arguments[0], Mapping) and self._known(arguments[0]):
            return self._called_by_name(arguments[0])
        return self._model(*arguments)

    def _called_by_name(self, inputs: Mapping[str, Any]) -> Any:
        if self._names is None:
            return self._model(**inputs)
        known = self._known(inputs)
        return self._model(**known) if known else self._model(inputs)

    def _known(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What of a mapping the forward has parameters for."""
        return {name: value for name, value in inputs.items() if name in (self._names or ())}

    def _pair(self, batch: Any) -> tuple[tuple[Any, ...], Any]:
        if self._split:
            return (batch[0],), batch[1]
        if self._criterion is None:
            given = forward_inputs(self._model, batch)
            return given, batch[len(given)] if len(given) < len(batch) else given[
                -1
            ] if given else None
        count = min(self._inputs or 1, len(batch) - 1)
        if count < 1:
            raise BatchError(
                f"a batch of {len(batch)} has no target for the criterion: {summary(batch)}"
            )
        return tuple(batch[:count]), batch[count]

    def _keywords(self, batch: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any]:
        key = next((key for key in TARGET_KEYS if key in batch), None)
        if self._criterion is None:
            return batch, None if key is None else batch[key]
        if key is None:
            raise BatchError(
                f"a criterion was given, but the batch has no target: its keys are {', '.join(map(str, batch))}; "
                f"expected one of {', '.join(TARGET_KEYS)}, or no criterion where the model returns its loss"
            )
        return {name: value for name, value in batch.items() if name != key}, batch[key]

    def _scored(self, output: Any, target: Any, inputs: tuple[Any, ...]) -> Output:
        if self._criterion is None:
            loss = loss_in(output, replicated=self._replicated)
            if loss is None:
                raise BatchError(
                    f"no criterion was given and the model returned no scalar loss, but {summary(output)}"
                )
        else:
            if self._takes_tensors and not isinstance(output, torch.Tensor):
                output = getattr(output, "logits", output)
            returned = self._criterion(output, target)
            loss = returned if isinstance(returned, torch.Tensor) else loss_in(returned)
            if loss is None:
                raise BatchError(
                    f"the criterion must return its loss as a tensor, got {summary(returned)}"
                )
        metric = None
        if self._metric is not None:
            with torch.no_grad():
                metric = self._metric(output, target)
            if not _is_number(metric):
                raise BatchError(f"the metric must return a number, got {summary(metric)}")
        return Output(_scalar(loss, "criterion"), target, inputs, metric)


def batch_size(target: Any, inputs: Sequence[Any] = ()) -> int:
    """How many examples there are in a target (or a whole batch) and the inputs that go with it; 1 if nothing tells.

    A tensor has as many as its first dimension. A list may be one entry an example (boxes of images) or several
    tensors for all of them: what the inputs have decides, or whether the tensors agree.
    """
    tensor = next(
        (one for one in (target, *inputs) if isinstance(one, torch.Tensor) and one.dim()), None
    )
    if tensor is not None:
        return len(tensor)
    lengths = [len(one) for one in (target, *inputs) if is_sequence(one)]
    if len(lengths) > 1 and len(set(lengths)) == 1:
        return lengths[0]
    counts = (_count(one) for one in (target, *inputs))
    return next((count for count in counts if count is not None), 1)


def _count(data: Any) -> int | None:
    if isinstance(data, torch.Tensor):
        return len(data) if data.dim() else None
    if isinstance(data, PackedSequence):
        return int(data.batch_sizes[0])
    if is_sequence(data):
        inside = [_count(item) for item in data]
        several = len(set(inside)) == 1 and not any(isinstance(item, Mapping) for item in data)
        return inside[0] if several and inside[0] is not None else len(data)
    graphs = getattr(data, "num_graphs", None)  # PyTorch Geometric's
    if isinstance(graphs, int):
        return graphs
    parts = (
        data.values()
        if isinstance(data, Mapping)
        else vars(data).values()
        if hasattr(data, "__dict__")
        else ()
    )
    return next((count for count in map(_count, parts) if count is not None), None)


def summary(data: Any) -> str:
    """A value in a few words: `64x1x8x8 float32` for a tensor."""
    if isinstance(data, torch.Tensor):
        return (
            f"{'x'.join(map(str, data.shape)) or 'scalar'} {str(data.dtype).removeprefix('torch.')}"
        )
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{key}: {summary(value)}" for key, value in data.items()) + "}"
    if isinstance(data, tuple | list) and len(data) <= 8:
        return "(" + ", ".join(map(summary, data)) + ")"
    return type(data).__name__


def is_sequence(batch: Any) -> bool:
    """A tuple or list of parts; one that can be moved as a whole (PackedSequence) is an object."""
    return isinstance(batch, tuple | list) and not hasattr(batch, "to")


def _is_torchs(criterion: Any) -> bool:
    """Whether a criterion is one of torch's own: those take tensors, and no output object with `logits`."""
    while isinstance(criterion, functools.partial):
        criterion = criterion.func
    kinds = type(criterion).__mro__ if isinstance(criterion, nn.Module) else (criterion,)
    return any(
        getattr(kind, "__module__", "") in ("torch.nn.modules.loss", "torch.nn.functional")
        for kind in kinds
    )


def loss_in(output: Any, *, replicated: bool = False) -> torch.Tensor | None:
    """The loss in what a model, a criterion or a step returned, None where there is none: see `Forward`.

    From DataParallel (`replicated`) it comes as a vector, one for each replica.
    """
    if isinstance(output, Mapping) or hasattr(output, "loss"):
        loss = output.get("loss") if isinstance(output, Mapping) else output.loss
        return loss if isinstance(loss, torch.Tensor) and loss.numel() and loss.dim() < 2 else None
    for loss in output if isinstance(output, tuple | list) else (output,):
        if isinstance(loss, torch.Tensor) and (loss.dim() == 0 or (loss.dim() == 1 and replicated)):
            return loss
    return None


def _step_output(result: Any, batch: Any) -> Output:
    metrics: Any = {}
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        metrics = result[1]
    elif isinstance(result, Mapping):
        metrics = {
            name: value for name, value in result.items() if name != "loss" and _is_number(value)
        }
    loss = result if isinstance(result, torch.Tensor) else loss_in(result)
    if loss is None:
        raise BatchError(
            f"the step must return a loss, or (loss, {{name: value}}), got {summary(result)}"
        )
    metric = next(iter(metrics.values()), None)
    metric = metric.detach() if isinstance(metric, torch.Tensor) else metric
    return Output(_scalar(loss, "step"), batch, metric=metric)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) or (isinstance(value, torch.Tensor) and value.numel() == 1)


def _scalar(loss: Any, source: str) -> torch.Tensor:
    if not isinstance(loss, torch.Tensor):
        raise BatchError(f"the {source} must return its loss as a tensor, got {summary(loss)}")
    return loss.mean() if loss.dim() else loss  # one per replica, from DataParallel


def target_attribute(batch: Any) -> Any:
    """The target that an object carries as an attribute, or the batch itself."""
    if isinstance(batch, torch.Tensor):
        return batch
    return next((getattr(batch, key) for key in TARGET_KEYS if hasattr(batch, key)), batch)
