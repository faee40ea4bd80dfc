"""The first batch, tried forward and backward before the ramp; afterwards everything is as it was. Worker only."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.build import explain
from lrtui.build.untouched import untouched
from lrtui.catalog.errors import PhaseError, one_line
from lrtui.engine.forward import BatchError, Forward, summary
from lrtui.engine.step import updates_itself

_AUTOCAST = {
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "apex-O1": torch.float16,
    "apex-O2": torch.float16,
}

Scorer = Callable[[Any, Any], Any]


class Watched:
    """A criterion or a metric that remembers what it was called with, and whether it returned."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.called: tuple[Any, Any] | None = None
        self.done = False

    def __call__(self, output: Any, target: Any) -> Any:
        """Score, and remember."""
        self.called = (output, target)
        explain.check_labels(self._scorer, output, target)
        result = self._scorer(output, target)
        self.done = True
        return result


def try_batch(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    criterion: Scorer | None,
    metric: Scorer | None,
    step: Callable[..., Any] | None,
    batch: Any,
    precision: str = "fp32",
    loss_name: str = "the loss",
) -> None:
    """One forward and backward on a batch that is on the model's device.

    Model, optimizer, gradients, modes and random states are restored, whatever happens. A step that does the whole
    update itself is tried with its update.

    Raises:
        PhaseError: what does not fit, with both sides' numbers, in the phase model, loss, metric or step.
    """
    optimizers = list(optimizer) if isinstance(optimizer, Sequence) else [optimizer]
    modules = [part for part in (model, criterion) if isinstance(part, nn.Module)]
    loss, score = (Watched(criterion) if criterion else None), (Watched(metric) if metric else None)
    forward = Forward(model, loss, step, score)
    path = explain.Path(model)
    try:
        with untouched(modules, optimizers):
            _once(
                model, forward, path, batch, optimizers if updates_itself(step) else None, precision
            )
    except torch.OutOfMemoryError as error:
        raise PhaseError("device", explain.of_memory(_device(model), batch)) from error
    except BatchError as error:
        raise PhaseError("step" if step else "loss", str(error)) from error
    except (Exception, SystemExit) as error:
        raise _failure(error, path, batch, step, loss, score, loss_name) from error


def _once(
    model: nn.Module,
    forward: Forward,
    path: explain.Path,
    batch: Any,
    optimizers: list[Optimizer] | None,
    precision: str,
) -> None:
    """Forward and backward, or, where the step takes the optimizers, its whole update."""
    model.train()
    with path, _autocast(precision):
        output = forward(batch) if optimizers is None else forward(batch, optimizers)
    if optimizers is None:
        output.loss.backward()  # type: ignore[no-untyped-call]


def _failure(
    error: BaseException,
    path: explain.Path,
    batch: Any,
    step: Callable[..., Any] | None,
    loss: Watched | None,
    score: Watched | None,
    loss_name: str,
) -> PhaseError:
    """Who failed: the metric, the criterion, the model's forward, the user's step, or the backward."""
    if path.innermost is not None:
        return PhaseError("model", explain.of_forward(error, path))
    if score is not None and score.called and not score.done:
        return PhaseError("metric", explain.of_loss(error, "the metric", *score.called))
    if loss is not None and loss.called and not loss.done:
        return PhaseError("loss", explain.of_loss(error, loss_name, *loss.called))
    if step is not None:
        return PhaseError("step", f"the step failed on the first batch: {one_line(error)}")
    if loss is not None and not loss.called:
        return PhaseError("model", f"the forward failed on {summary(batch)}: {one_line(error)}")
    return PhaseError("model", f"the backward pass failed on the first batch: {one_line(error)}")


def _autocast(precision: str) -> AbstractContextManager[Any]:
    """The trial must not need more memory than the run: half precision is tried in half precision."""
    if precision not in _AUTOCAST:
        return nullcontext()
    return torch.autocast(
        "cuda" if torch.cuda.is_available() else "cpu", dtype=_AUTOCAST[precision]
    )


def _device(model: nn.Module) -> torch.device:
    first = next(model.parameters(), None)
    return first.device if first is not None else torch.device("cpu")
