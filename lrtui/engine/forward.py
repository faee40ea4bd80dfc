"""The forward pass on any batch: what the model gets, and where the loss comes from."""

import functools
from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn

from lrtui.engine.data.batch_size import batch_size, is_sequence
from lrtui.engine.data.signature import TARGET_KEYS, forward_inputs, keywords, required_inputs
from lrtui.engine.types import Batch, BatchStep, Criterion, Metric, ModelOutput, Scalar, Target

Inputs: TypeAlias = tuple[Any, ...]
NamedInputs: TypeAlias = Mapping[str, Any]
StepResult: TypeAlias = Any  # what a user's step returned

_TORCH_LOSSES = ("torch.nn.modules.loss", "torch.nn.functional")


class BatchError(ValueError):
    """A batch, or what the model returned for it, cannot be used."""


class Output(NamedTuple):
    """The result of a forward pass: a scalar loss with its graph, and the metric if there is one.

    `target` and `inputs` are what the loss was computed from.
    """

    loss: torch.Tensor
    target: Target
    inputs: Inputs = ()
    metric: Scalar | None = None

    @property
    def size(self) -> int:
        """How many examples the loss is a mean over."""
        return batch_size(self.target, self.inputs)


class Forward:
    """Calls the model on a batch and computes the loss.

    The first rule that fits decides what a batch is:

    - with a user's `batch_step`: whatever that takes;
    - from a `DataLoaderIter`: (inputs, target);
    - a tuple or list: the forward gets as many items as it requires (one, if it takes any number)
      and the criterion the next one;
    - a mapping: the forward gets by name what it has parameters for, or the whole mapping if it has
      none;
    - a tensor or any other object: passed as it is.

    Inputs that are themselves a tuple or a mapping are unpacked for a forward that requires
    several.

    Without a criterion the model returns its loss. A forward whose first optional parameter has a
    target's name (`targets`, `labels`, …) then gets one item more. A loss is a scalar: alone, the
    first one in a tuple or list, or the `loss` of an object or mapping.
    """

    def __init__(
        self,
        model: nn.Module,
        criterion: Criterion | None,
        batch_step: BatchStep | None = None,
        metric: Metric | None = None,
        split: bool = False,
    ) -> None:
        self._model = model
        self._criterion = criterion
        self._batch_step = batch_step
        self._metric = metric
        self._split = split
        self._required_inputs = required_inputs(model)
        self._names = keywords(model)
        self._replicated = isinstance(model, nn.DataParallel)
        self._takes_tensors = _is_from_torch(criterion)

    def __call__(self, batch: Batch, *extra: Any) -> Output:
        """The output for one batch that is on the model's device; `extra` goes to the user's step.

        Raises:
            BatchError: the batch has no target, or there is no loss.
        """
        if self._batch_step is not None:
            return _step_output(self._batch_step(self._model, batch, *extra), batch)
        if self._split or is_sequence(batch):
            inputs, target = self._inputs_and_target(batch)
            return self._output(self._call(inputs), target, inputs)
        if isinstance(batch, Mapping):
            named, target = self._named_inputs_and_target(batch)
            return self._output(self._call_by_name(named), target, tuple(named.values()))
        return self._output(self._model(batch), target_attribute(batch), (batch,))

    @property
    def classifies(self) -> bool:
        """Whether the criterion is torch's for labels of several classes."""
        return isinstance(self._criterion, nn.CrossEntropyLoss | nn.NLLLoss) or (
            self._criterion in (nn.functional.cross_entropy, nn.functional.nll_loss)
        )

    def describe(self, batch: Batch) -> str:
        """How a batch will be used, in words."""
        if self._batch_step is not None:
            return f"{summary(batch)}, given to the step whole"
        if self._split or is_sequence(batch):
            inputs, target = self._inputs_and_target(batch)
            described = f"input {', '.join(map(summary, inputs))}"
            if self._criterion is None:
                return described
            return f"{described}, target {summary(target)}"
        if isinstance(batch, Mapping):
            return f"keyword arguments {summary(batch)}"
        return summary(batch)

    def _call(self, inputs: Inputs) -> ModelOutput:
        if len(inputs) == 1:
            only = inputs[0]
            if self._required_inputs > 1 and is_sequence(only):
                return self._model(*only)
            if isinstance(only, Mapping) and self._known(only):
                return self._call_by_name(only)
        return self._model(*inputs)

    def _call_by_name(self, inputs: NamedInputs) -> ModelOutput:
        if self._names is None:
            return self._model(**inputs)
        known = self._known(inputs)
        if known:
            return self._model(**known)
        return self._model(inputs)

    def _known(self, inputs: NamedInputs) -> dict[str, Any]:
        """The items of a mapping that the forward has parameters for."""
        names = self._names or set()
        return {name: value for name, value in inputs.items() if name in names}

    def _inputs_and_target(self, batch: Batch) -> tuple[Inputs, Target]:
        if self._split:
            return (batch[0],), batch[1]
        if self._criterion is None:
            inputs = forward_inputs(self._model, batch)
            return inputs, _target_beside(inputs, batch)
        count = min(self._required_inputs or 1, len(batch) - 1)
        if count < 1:
            raise BatchError(
                f"a batch of {len(batch)} has no target for the criterion: {summary(batch)}"
            )
        return tuple(batch[:count]), batch[count]

    def _named_inputs_and_target(self, batch: NamedInputs) -> tuple[NamedInputs, Target]:
        target_key = next((key for key in TARGET_KEYS if key in batch), None)
        if self._criterion is None:
            return batch, None if target_key is None else batch[target_key]
        if target_key is None:
            raise BatchError(
                "a criterion was given, but the batch has no target: its keys are "
                f"{', '.join(map(str, batch))}; expected one of {', '.join(TARGET_KEYS)}, "
                "or no criterion if the model returns its loss"
            )
        inputs = {name: value for name, value in batch.items() if name != target_key}
        return inputs, batch[target_key]

    def _output(self, output: ModelOutput, target: Target, inputs: Inputs) -> Output:
        if self._takes_tensors:
            output = _logits(output)
        loss = self._loss(output, target)
        metric = self._measure(output, target)
        return Output(_mean(loss), target, inputs, metric)

    def _loss(self, output: ModelOutput, target: Target) -> torch.Tensor:
        if self._criterion is None:
            loss = loss_in(output, replicated=self._replicated)
            if loss is None:
                raise BatchError(
                    "no criterion was given and the model returned no scalar loss, "
                    f"but {summary(output)}"
                )
            return loss
        returned = self._criterion(output, target)
        loss = returned if isinstance(returned, torch.Tensor) else loss_in(returned)
        if loss is None:
            raise BatchError(
                f"the criterion must return its loss as a tensor, got {summary(returned)}"
            )
        return loss

    def _measure(self, output: ModelOutput, target: Target) -> Scalar | None:
        if self._metric is None:
            return None
        with torch.no_grad():
            metric: Scalar = self._metric(output, target)
        if not _is_number(metric):
            raise BatchError(f"the metric must return a number, got {summary(metric)}")
        return metric


def summary(data: object) -> str:
    """A value in a few words: `64x1x8x8 float32` for a tensor."""
    if isinstance(data, torch.Tensor):
        shape = "x".join(map(str, data.shape)) or "scalar"
        return f"{shape} {str(data.dtype).removeprefix('torch.')}"
    if isinstance(data, Mapping):
        items = ", ".join(f"{key}: {summary(value)}" for key, value in data.items())
        return f"{{{items}}}"
    if isinstance(data, tuple | list) and len(data) <= 8:
        return f"({', '.join(map(summary, data))})"
    return type(data).__name__


def loss_in(output: ModelOutput, *, replicated: bool = False) -> torch.Tensor | None:
    """The loss in what a model, a criterion or a step returned, or None: see `Forward`.

    DataParallel (`replicated`) returns it as a vector with one entry per replica.
    """
    if isinstance(output, Mapping):
        return _named_loss(output.get("loss"))
    if hasattr(output, "loss"):
        return _named_loss(output.loss)
    candidates = output if isinstance(output, tuple | list) else (output,)
    most_dims = 1 if replicated else 0
    for candidate in candidates:
        if isinstance(candidate, torch.Tensor) and candidate.dim() <= most_dims:
            return candidate
    return None


def target_attribute(batch: Batch) -> Target:
    """The target that an object has as an attribute, or the batch itself."""
    if isinstance(batch, torch.Tensor):
        return batch
    for key in TARGET_KEYS:
        if hasattr(batch, key):
            return getattr(batch, key)
    return batch


def _target_beside(inputs: Inputs, batch: Batch) -> Target:
    """The target of a batch whose loss the model computes: after the inputs, or the last one."""
    if len(inputs) < len(batch):
        return batch[len(inputs)]
    return inputs[-1] if inputs else None


def _is_from_torch(criterion: Criterion | None) -> bool:
    """Whether a criterion is torch's: those take tensors, not an output object with `logits`."""
    function: object = criterion
    while isinstance(function, functools.partial):
        function = function.func
    origins = type(function).__mro__ if isinstance(function, nn.Module) else (function,)
    return any(getattr(origin, "__module__", "") in _TORCH_LOSSES for origin in origins)


def _logits(output: ModelOutput) -> ModelOutput:
    if isinstance(output, torch.Tensor):
        return output
    return getattr(output, "logits", output)


def _named_loss(loss: object) -> torch.Tensor | None:
    if isinstance(loss, torch.Tensor) and loss.numel() and loss.dim() < 2:
        return loss
    return None


def _step_output(result: StepResult, batch: Batch) -> Output:
    """The output of a user's step from what it returned."""
    loss = result if isinstance(result, torch.Tensor) else loss_in(result)
    if loss is None:
        raise BatchError(
            f"the step must return a loss, or (loss, {{name: value}}), got {summary(result)}"
        )
    return Output(_mean(loss), batch, metric=_step_metric(result))


def _step_metric(result: StepResult) -> Scalar | None:
    """The first metric in what a user's step returned."""
    metrics: list[Scalar] = []
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        metrics = list(result[1].values())
    elif isinstance(result, Mapping):
        metrics = [value for key, value in result.items() if key != "loss" and _is_number(value)]
    if not metrics:
        return None
    metric = metrics[0]
    return metric.detach() if isinstance(metric, torch.Tensor) else metric


def _is_number(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1
    return isinstance(value, Real)


def _mean(loss: torch.Tensor) -> torch.Tensor:
    """A scalar: DataParallel gives one loss per replica."""
    return loss.mean() if loss.dim() else loss
