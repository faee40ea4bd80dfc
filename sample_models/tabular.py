"""A residual net for tables of numbers: the ResNet of arXiv 2106.11959, section 3.3."""

import torch
from torch import nn
from torch.nn import functional as F

SPEC = {"data": {"target": "lrtui:table", "args": {"path": "table.csv"}}}


class _Block(nn.Module):
    """Norm, two layers and dropout, with a residual connection."""

    def __init__(self, width: int, dropout: float) -> None:
        """Build a block."""
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """From states (N, width) to states of the same shape."""
        inner = self.dropout(F.relu(self.up(self.norm(states))))
        result: torch.Tensor = states + self.dropout(self.down(inner))
        return result


class TabularNet(nn.Module):
    """A residual net for rows of numbers: it predicts classes or numbers.

    Args:
        in_features: number of feature columns
        out_features: number of classes, or of numbers to predict
        width: size of each hidden state
        blocks: number of residual blocks
        dropout: dropout rate of the hidden states
    """

    def __init__(
        self,
        in_features: int = 8,
        out_features: int = 1,
        width: int = 64,
        blocks: int = 2,
        dropout: float = 0.1,
    ) -> None:
        """Build the layers."""
        super().__init__()
        self.first = nn.Linear(in_features, width)
        self.blocks = nn.Sequential(*(_Block(width, dropout) for _ in range(blocks)))
        self.norm = nn.BatchNorm1d(width)
        self.head = nn.Linear(width, out_features)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """From rows (N, columns), or what flattens to them, to (N, out_features)."""
        states = self.blocks(self.first(rows.flatten(1)))
        result: torch.Tensor = self.head(F.relu(self.norm(states)))
        return result
