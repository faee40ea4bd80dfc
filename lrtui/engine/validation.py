"""The validation loss: the whole set, or the same few batches every time."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import torch
from torch import nn

from lrtui.engine.batches import move
from lrtui.engine.forward import Forward
from lrtui.engine.precision import Precision
from lrtui.engine.step import with_modes


class Validation:
    """Mean loss (and metric) over a validation set, weighted by the examples that were really seen.

    torch_lr_finder divides by `len(dataset)`, which is wrong as soon as a loader drops its last batch or samples, and
    leaves autocast out; where neither matters the numbers are the same to the last bit.

    Args:
        sample: use only so many batches, chosen once and kept in memory; 0 for the whole set.
        optimizers: those that evaluate at other weights than they train at are told so.
    """

    def __init__(
        self,
        model: nn.Module,
        forward: Forward,
        batches: Iterable[Any],
        precision: Precision,
        device: torch.device,
        *,
        sample: int = 0,
        non_blocking: bool = True,
        optimizers: Iterable[Any] = (),
    ) -> None:
        self._model = model
        self._forward = forward
        self._precision = precision
        self._device = device
        self._non_blocking = non_blocking
        self._with_modes = with_modes(optimizers)
        self._batches = list(islice(iter(batches), sample)) if sample else batches

    def __call__(self) -> tuple[float, float | None]:
        """Evaluate: (mean loss, mean metric or None).

        Raises:
            ValueError: the validation loader yields nothing.
        """
        losses: list[torch.Tensor] = []
        sizes: list[int] = []
        metrics: list[Any] = []
        self._model.eval()
        for optimizer in self._with_modes:
            optimizer.eval()
        with torch.no_grad():
            for batch in self._batches:
                with self._precision.autocast():
                    output = self._forward(move(batch, self._device, self._non_blocking))
                losses.append(output.loss)
                sizes.append(output.size)
                metrics.append(output.metric)
        if not losses:
            raise ValueError("the validation loader has no batches")
        return _weighted_mean(losses, sizes), None if any(
            one is None for one in metrics
        ) else _weighted_mean(metrics, sizes)


def _weighted_mean(values: list[Any], weights: list[int]) -> float:
    if isinstance(values[0], torch.Tensor) and values[0].is_cuda:
        # one read for all of them: a read is a synchronisation
        values = torch.stack([value.detach().double() for value in values]).tolist()
    return sum(float(value) * weight for value, weight in zip(values, weights, strict=True)) / sum(
        weights
    )
