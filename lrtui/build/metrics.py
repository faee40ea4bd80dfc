"""Metrics: what is measured beside the loss, from the model's output and the target. Worker only in effect."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def accuracy(output: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Share of examples whose highest score is that of their class."""
    return top_k(output, target, k=1)


def top5(output: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Share of examples whose class is among the five highest scores."""
    return top_k(output, target, k=5)


def top_k(output: "torch.Tensor", target: "torch.Tensor", k: int = 5) -> "torch.Tensor":
    """Share of examples whose class is among the k highest scores.

    Scores are (N, classes), or (N, …, classes) for labels (N, …); torch's (N, classes, …) is understood too.

    Args:
        output: the model's scores
        target: the labels
        k: how many scores count
    """
    scores = (
        output.movedim(1, -1) if output.dim() > 2 and output.shape[:-1] != target.shape else output
    )
    best = scores.topk(min(k, scores.shape[-1]), dim=-1).indices
    return (best == target.unsqueeze(-1)).any(-1).float().mean()


def mean_absolute_error(output: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Mean distance between what was predicted and what is."""
    return (output - target).abs().mean()
