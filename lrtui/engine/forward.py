"""Forward: what a batch is, how the model is called with it, and where the loss comes from."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

_SEQUENCES = (tuple, list)
TARGET_KEYS = ("labels", "label", "targets", "target", "y")


class BatchError(ValueError):
    """A batch, or what a model made of it, that nothing can be done with."""


class Output(NamedTuple):
    """What a forward gives: the loss (scalar, with its graph), what it is a mean over, a metric where there is one."""

    loss: torch.Tensor
    examples: Any  # a batch or its target
    metric: Any = None

    @property
    def size(self) -> int:
        """How many examples the loss is a mean over."""
        return batch_size(self.examples)


class Forward:
    """Calls the model on a batch and measures the loss.

    A batch is (in this order): whatever the user's `batch_step` takes; (inputs, target) as a `DataLoaderIter` splits
    it; a tuple or list, of which the model's forward gets as many as it requires (one, where it takes any number) and
    the criterion the next one; a mapping, passed as keyword arguments; a tensor or any other object, passed as it is.
    Without a criterion the model returns its loss: a scalar, or an object or mapping with `loss`, or a tuple that
    begins with it.
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
        self._takes_tensors = _is_torchs(criterion)

    def __call__(self, batch: Any, *extra: Any) -> Output:
        """The output for one batch that is on the model's device already; `extra` goes to the user's step.

        Raises:
            BatchError: the batch has no target, or no loss came out.
        """
        if self._batch_step is not None:
            return _step_output(self._batch_step(self._model, batch, *extra), batch)
        if self._split or isinstance(batch, _SEQUENCES):
            arguments, target = self._pair(batch)
            return self._scored(self._model(*arguments), target, batch)
        if isinstance(batch, Mapping):
            inputs, target = self._keywords(batch)
            return self._scored(self._model(**inputs), target, batch)
        return self._scored(self._model(batch), _target_attribute(batch), batch)

    def describe(self, batch: Any) -> str:
        """What a batch is taken for, in words."""
        shown = summary(batch)
        if self._batch_step is not None:
            return f"{shown}, given to the step whole"
        if self._split or isinstance(batch, _SEQUENCES):
            arguments, target = self._pair(batch)
            inputs = ", ".join(map(summary, arguments))
            return f"input {inputs}" + (f", target {summary(target)}" if self._criterion else "")
        if isinstance(batch, Mapping):
            return f"keyword arguments {shown}"
        return shown

    def _pair(self, batch: Any) -> tuple[tuple[Any, ...], Any]:
        if self._split:
            return (batch[0],), batch[1]
        if self._criterion is None:
            return tuple(batch[: self._inputs or len(batch)]), None
        count = min(self._inputs or 1, len(batch) - 1)
        if count < 1:
            raise BatchError(f"a batch of {len(batch)} has no target for the criterion: {summary(batch)}")
        return tuple(batch[:count]), batch[count]

    def _keywords(self, batch: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any]:
        if self._criterion is None:
            return batch, None
        key = next((key for key in TARGET_KEYS if key in batch), None)
        if key is None:
            raise BatchError(
                f"a criterion was given, but the batch has no target: its keys are {', '.join(map(str, batch))}; "
                f"expected one of {', '.join(TARGET_KEYS)}, or no criterion where the model returns its loss"
            )
        return {name: value for name, value in batch.items() if name != key}, batch[key]

    def _scored(self, output: Any, target: Any, batch: Any) -> Output:
        if self._criterion is None:
            loss, sized = _loss_in(output), batch
        else:
            if self._takes_tensors and not isinstance(output, torch.Tensor):
                output = getattr(output, "logits", output)
            loss, sized = self._criterion(output, target), target
        metric = None
        if self._metric is not None:
            with torch.no_grad():
                metric = self._metric(output, target)
        return Output(_scalar(loss, "criterion"), sized, metric)


def batch_size(batch: Any) -> int:
    """How many examples a batch or a target has: the length of its first tensor, 1 where there is none."""
    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.dim() else 1
    if isinstance(batch, Mapping):
        batch = list(batch.values())
    if isinstance(batch, _SEQUENCES):
        first = next((item for item in batch if isinstance(item, torch.Tensor | Mapping | tuple | list)), None)
        return len(batch) if first is None else batch_size(first)
    return 1


def summary(data: Any) -> str:
    """A value in a few words: `64x1x8x8 float32` for a tensor."""
    if isinstance(data, torch.Tensor):
        return f"{'x'.join(map(str, data.shape)) or 'scalar'} {str(data.dtype).removeprefix('torch.')}"
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{key}: {summary(value)}" for key, value in data.items()) + "}"
    if isinstance(data, tuple | list) and len(data) <= 8:
        return "(" + ", ".join(map(summary, data)) + ")"
    return type(data).__name__


def required_inputs(model: nn.Module) -> int:
    """How many positional arguments the model's forward requires: at least 1, or 0 where it takes any number."""
    inner = getattr(model, "_orig_mod", model)
    if type(inner).__name__ in _WRAPPERS:
        inner = inner.module
    try:
        parameters = inspect.signature(inner.forward).parameters.values()
    except (TypeError, ValueError):
        return 1
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        return 0
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return max(1, sum(one.kind in positional and one.default is one.empty for one in parameters))


_WRAPPERS = ("DataParallel", "DistributedDataParallel")


def _is_torchs(criterion: Any) -> bool:
    """Whether a criterion is one of torch's own: those take tensors, and no output object with `logits`."""
    kinds = type(criterion).__mro__ if isinstance(criterion, nn.Module) else (criterion,)
    return any(getattr(kind, "__module__", "") in ("torch.nn.modules.loss", "torch.nn.functional") for kind in kinds)


def _loss_in(output: Any) -> torch.Tensor:
    loss = output
    if isinstance(output, Mapping):
        loss = output.get("loss")
    elif not isinstance(output, torch.Tensor):
        first = output[0] if isinstance(output, tuple) and output else None
        loss = getattr(output, "loss", first)
    if not isinstance(loss, torch.Tensor) or loss.numel() == 0:
        raise BatchError(f"no criterion was given and the model returned no loss, but {summary(output)}")
    if loss is output and loss.dim() > 1:
        raise BatchError(f"no criterion was given and the model returned {summary(output)}, which is no scalar loss")
    return loss


def _step_output(result: Any, batch: Any) -> Output:
    loss, metrics = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
    if not isinstance(metrics, Mapping):
        raise BatchError(f"the step must return a loss, or (loss, {{name: value}}), got {summary(result)}")
    metric = next(iter(metrics.values()), None)
    return Output(_scalar(loss, "step"), batch, metric.detach() if isinstance(metric, torch.Tensor) else metric)


def _scalar(loss: Any, source: str) -> torch.Tensor:
    if not isinstance(loss, torch.Tensor):
        raise BatchError(f"the {source} must return its loss as a tensor, got {summary(loss)}")
    return loss.mean() if loss.dim() else loss  # one per replica, from DataParallel


def _target_attribute(batch: Any) -> Any:
    if isinstance(batch, torch.Tensor):
        return batch
    return next((getattr(batch, key) for key in TARGET_KEYS if hasattr(batch, key)), batch)
