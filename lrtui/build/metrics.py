"""Metrics: measured beside the loss, from the model's output and the target."""

import functools
from typing import Any

from torch import Tensor

from lrtui.engine.types import Criterion, Metric


def accuracy(output: Tensor, target: Tensor, ignore_index: int | None = None) -> Tensor:
    """Share of examples whose highest score is that of their class."""
    return top_k(output, target, 1, ignore_index)


def top5(output: Tensor, target: Tensor, ignore_index: int | None = None) -> Tensor:
    """Share of examples whose class is among the five highest scores."""
    return top_k(output, target, 5, ignore_index)


def top_k(output: Tensor, target: Tensor, k: int = 5, ignore_index: int | None = None) -> Tensor:
    """Share of examples whose class is among the k highest scores.

    Scores are (N, classes); for labels (N, …) they are (N, …, classes) or torch's (N, classes, …).
    Labels without a score (void labels, such as 255 and -100) do not count.

    Args:
        output: the model's scores
        target: the labels
        k: how many scores count
        ignore_index: a label that does not count; none: that of the loss
    """
    scores = output
    if output.dim() > 2 and output.shape[:-1] != target.shape:
        scores = output.movedim(1, -1)
    best = scores.topk(min(k, scores.shape[-1]), dim=-1).indices
    hits = (best == target.unsqueeze(-1)).any(-1)
    counts = (target >= 0) & (target < scores.shape[-1])
    if ignore_index is not None:
        counts = counts & (target != ignore_index)
    # without a boolean index, which would wait for the GPU; nan where nothing counts
    return (hits & counts).sum() / counts.sum()


def mean_absolute_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference between the output and the target."""
    return (output - target).abs().mean()


def ignoring(metric: Metric, criterion: Criterion | None) -> Metric:
    """An accuracy that ignores what its loss ignores; any other metric as it is."""
    given: dict[str, Any] = {}
    function = metric
    if isinstance(metric, functools.partial):
        given, function = metric.keywords, metric.func
    ignored = getattr(criterion, "ignore_index", None)
    if isinstance(criterion, functools.partial):
        ignored = criterion.keywords.get("ignore_index")
    if function not in (accuracy, top5, top_k) or ignored is None:
        return metric
    return functools.partial(function, **{**given, "ignore_index": ignored})
