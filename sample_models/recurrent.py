"""A recurrent net: reads a sequence from its beginning and tells what it is, or what comes next."""

from typing import Literal

import torch
from torch import nn

SPEC = {"data": {"target": "lrtui:digits"}}
CELLS = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class RowByRow(nn.Module):
    """A recurrent net that reads an image row by row, or a sequence (N, T, features), and classifies it.

    Args:
        input_size: numbers in one row
        num_classes: how many classes to tell apart
        hidden: numbers in the state
        layers: recurrent layers on top of each other
        cell: what carries the state on
        bidirectional: read from the end as well
        dropout: share of the states that is dropped between layers
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
        self.head = nn.Linear(hidden * (2 if bidirectional else 1), num_classes)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Images (N, C, H, W) or sequences (N, T, features) to class scores (N, classes)."""
        if rows.dim() == 4:
            rows = rows.flatten(1, 2)  # channels one below the other
        states, _ = self.reader(rows)
        scores: torch.Tensor = self.head(states.mean(dim=1))
        return scores
