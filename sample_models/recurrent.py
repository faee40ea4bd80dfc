"""A recurrent net that classifies sequences."""

from typing import Literal

import torch
from torch import nn

SPEC = {"data": {"target": "lrtui:digits"}}
CELLS = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class RowByRow(nn.Module):
    """A recurrent classifier that reads an image row by row, or a sequence step by step.

    Args:
        input_size: size of one row or step
        num_classes: number of classes
        hidden: size of the hidden state
        layers: number of recurrent layers
        cell: kind of recurrent cell
        bidirectional: also read from the end
        dropout: dropout rate between layers
    """

    def __init__(
        self,
        input_size: int = 8,
        num_classes: int = 10,
        hidden: int = 64,
        layers: int = 1,
        cell: Literal["gru", "lstm", "rnn"] = "gru",
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Build the recurrent layers and the head."""
        super().__init__()
        self.reader = CELLS[cell](
            input_size,
            hidden,
            layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )
        directions = 2 if bidirectional else 1
        self.head = nn.Linear(hidden * directions, num_classes)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """From images (N, C, H, W) or sequences (N, T, features) to scores (N, num_classes)."""
        if rows.dim() == 4:
            rows = rows.flatten(1, 2)  # the rows of all channels, one after the other
        states, _ = self.reader(rows)
        scores: torch.Tensor = self.head(states.mean(dim=1))
        return scores
