"""A model in the style of Hugging Face: it takes a batch by name and returns its loss."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

SPEC = {
    "data": {"target": "lrtui:stdlib-text", "args": {"mapping": True}},
    "loss": {"target": "none"},
    "loader": {"batch_size": 32},
}


@dataclass
class Output:
    """The output of the model: the scores, and the loss if there were labels."""

    loss: torch.Tensor | None
    logits: torch.Tensor


class CharModelWithLoss(nn.Module):
    """A character model whose forward takes `input_ids` and `labels`, and returns its loss.

    Args:
        vocab_size: number of different characters
        width: size of each hidden state
        layers: number of recurrent layers
    """

    def __init__(self, vocab_size: int = 128, width: int = 64, layers: int = 1) -> None:
        """Build the embedding, the recurrent layers and the head."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, width)
        self.reader = nn.GRU(width, width, layers, batch_first=True)
        self.head = nn.Linear(width, vocab_size)

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor | None = None) -> Output:
        """From codes (N, T) to scores (N, T, vocab_size) and the mean loss over all positions."""
        states, _ = self.reader(self.embedding(input_ids))
        scores = self.head(states)
        loss = None if labels is None else F.cross_entropy(scores.flatten(0, 1), labels.flatten())
        return Output(loss, scores)
