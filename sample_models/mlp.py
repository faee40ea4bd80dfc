"""A multi-layer perceptron for images, vectors or anything else that can be flattened."""

from typing import Literal

import torch
from torch import nn

SPEC = {"data": {"target": "lrtui:digits"}}
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class MLP(nn.Module):
    """Fully connected layers over the flattened input.

    Args:
        in_features: size of one flattened example; 64 for an 8×8 image
        num_classes: number of classes
        hidden: units of each hidden layer
        layers: number of hidden layers
        activation: activation after each hidden layer
        batch_norm: batch norm before each activation
        dropout: dropout rate of the hidden units
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
        width = in_features
        for _ in range(layers):
            stack.append(nn.Linear(width, hidden))
            if batch_norm:
                stack.append(nn.BatchNorm1d(hidden))
            stack.append(ACTIVATIONS[activation]())
            if dropout:
                stack.append(nn.Dropout(dropout))
            width = hidden
        stack.append(nn.Linear(width, num_classes))
        self.layers = nn.Sequential(*stack)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """From inputs (N, …) to class scores (N, num_classes)."""
        scores: torch.Tensor = self.layers(inputs)
        return scores
