"""The validation loss: over the whole set, or over the same few batches every time."""

from collections.abc import Iterable
from itertools import islice

import torch
from torch import nn

from lrtui.engine.data.transfer import move
from lrtui.engine.forward import Forward
from lrtui.engine.optim import moded
from lrtui.engine.precision import Precision
from lrtui.engine.types import Batch, Scalar


class Validation:
    """Mean loss (and metric) over a validation set, weighted by the examples in each batch.

    torch_lr_finder divides by `len(dataset)`, which is wrong if a loader drops its last batch or
    samples, and does not use autocast; otherwise the numbers are equal to the last bit.

    Args:
        sample: use only this many batches, drawn once and kept in memory; 0 for the whole set.
        optimizers: those that evaluate at other weights than they train at are switched over.
    """

    def __init__(
        self,
        model: nn.Module,
        forward: Forward,
        batches: Iterable[Batch],
        precision: Precision,
        device: torch.device,
        *,
        sample: int = 0,
        non_blocking: bool = True,
        optimizers: Iterable[object] = (),
    ) -> None:
        self._model = model
        self._forward = forward
        self._precision = precision
        self._device = device
        self._non_blocking = non_blocking
        self._moded_optimizers = moded(optimizers)
        self._batches = list(islice(iter(batches), sample)) if sample else batches

    def __call__(self) -> tuple[float, float | None]:
        """Evaluate: (mean loss, mean metric or None).

        Raises:
            ValueError: the validation loader yields nothing.
        """
        losses: list[Scalar] = []
        metrics: list[Scalar] = []
        sizes: list[int] = []
        self._model.eval()
        for optimizer in self._moded_optimizers:
            optimizer.eval()
        with torch.no_grad():
            for batch in self._batches:
                with self._precision.autocast():
                    output = self._forward(move(batch, self._device, self._non_blocking))
                losses.append(output.loss)
                sizes.append(output.size)
                if output.metric is not None:
                    metrics.append(output.metric)
        if not losses:
            raise ValueError("the validation loader has no batches")
        loss, metric = _weighted_mean(losses, sizes), _mean_metric(metrics, sizes)
        return self._over_all(loss, metric, sum(sizes))

    def _over_all(self, loss: float, metric: float | None, size: int) -> tuple[float, float | None]:
        """The means of this rank's `size` examples, over all ranks: here there is one."""
        return loss, metric


def _mean_metric(metrics: list[Scalar], sizes: list[int]) -> float | None:
    """The mean metric; None unless every batch has one."""
    if len(metrics) < len(sizes):
        return None
    return _weighted_mean(metrics, sizes)


def _weighted_mean(values: list[Scalar], weights: list[int]) -> float:
    total = 0.0
    for value, weight in zip(_on_host(values), weights, strict=True):
        total += value * weight
    return total / sum(weights)


def _on_host(values: list[Scalar]) -> list[float]:
    """The values as floats; from a GPU with one read for all, because each read waits for it."""
    first = values[0]
    if not (isinstance(first, torch.Tensor) and first.is_cuda):
        return [float(value) for value in values]
    scalars = torch.stack([_double(value, first.device) for value in values])
    floats: list[float] = scalars.tolist()
    return floats


def _double(value: Scalar, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(value, dtype=torch.float64, device=device).detach().reshape(())
