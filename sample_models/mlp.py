"""A multi-layer perceptron: the plainest net, for images, vectors or anything that can be flattened."""

from typing import Literal

import torch
from torch import nn

SPEC = {"data": {"target": "lrtui:digits"}}
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class MLP(nn.Module):
    """Fully connected layers over the flattened input.

    Args:
        in_features: numbers in one example: 64 for an 8×8 image
        num_classes: how many classes to tell apart
        hidden: units of each hidden layer
        layers: number of hidden layers
        activation: what follows each hidden layer
        batch_norm: normalise each hidden layer before its activation
        dropout: share of the units that is dropped in training
    """

    def __init__(
        self,
        in_features: int = 64,
        num_classes: int = 10,
        hidden: int = 128,
        layers: int = 2,
        activation: Literal["relu", "gelu", "tanh"] = "relu",
        batch_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Build the layers."""
        super().__init__()
        stack: list[nn.Module] = [nn.Flatten()]
        for before in [in_features, *[hidden] * (layers - 1)][:layers]:
            stack.append(nn.Linear(before, hidden))
            stack += [nn.BatchNorm1d(hidden)] if batch_norm else []
            stack.append(ACTIVATIONS[activation]())
            stack += [nn.Dropout(dropout)] if dropout else []
        stack.append(nn.Linear(hidden if layers else in_features, num_classes))
        self.layers = nn.Sequential(*stack)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs (N, …) to class scores (N, classes)."""
        scores: torch.Tensor = self.layers(inputs)
        return scores
