"""Metrics: measured beside the loss, from the model's output and the target."""

from torch import Tensor


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """Share of examples whose highest score is that of their class."""
    return top_k(output, target, k=1)


def top5(output: Tensor, target: Tensor) -> Tensor:
    """Share of examples whose class is among the five highest scores."""
    return top_k(output, target, k=5)


def top_k(output: Tensor, target: Tensor, k: int = 5) -> Tensor:
    """Share of examples whose class is among the k highest scores.

    Scores are (N, classes); for labels (N, …) they are (N, …, classes) or torch's (N, classes, …).

    Args:
        output: the model's scores
        target: the labels
        k: how many scores count
    """
    scores = output
    if output.dim() > 2 and output.shape[:-1] != target.shape:
        scores = output.movedim(1, -1)
    best = scores.topk(min(k, scores.shape[-1]), dim=-1).indices
    return (best == target.unsqueeze(-1)).any(-1).float().mean()


def mean_absolute_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference between the output and the target."""
    return (output - target).abs().mean()
