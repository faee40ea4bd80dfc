"""A small causal transformer for characters, with pre-norm layers (arXiv 2002.04745, figure 1b)."""

import torch
from torch import nn
from torch.nn import functional as F

SPEC = {"data": {"target": "lrtui:stdlib-text"}, "loader": {"batch_size": 32}}


class _Layer(nn.Module):
    """Causal self-attention, then a feed-forward net, each with a residual connection."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Build one layer."""
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """From states (N, T, width) to states of the same shape."""
        count, length, width = states.shape
        query, key, value = (
            part.view(count, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.project(self.norm1(states)).chunk(3, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        states = states + self.dropout(
            self.merge(mixed.transpose(1, 2).reshape(count, length, width))
        )
        result: torch.Tensor = states + self.dropout(self.feed(self.norm2(states)))
        return result


class CharTransformer(nn.Module):
    """A character transformer: predicts the next character at each position of a text.

    Args:
        vocab_size: number of different characters
        context: longest input, in characters
        width: size of each hidden state; a multiple of `heads`
        heads: attention heads
        layers: number of layers
        dropout: dropout rate of the hidden states
    """

    def __init__(
        self,
        vocab_size: int = 128,
        context: int = 64,
        width: int = 64,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.0,
    ) -> None:
        """Build the embeddings, the layers and the head."""
        super().__init__()
        if width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width} and {heads}")
        self.characters = nn.Embedding(vocab_size, width)
        self.positions = nn.Embedding(context, width)
        self.layers = nn.Sequential(*(_Layer(width, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocab_size, bias=False)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """From codes (N, T) to scores of the next character (N, T, vocab_size)."""
        positions = torch.arange(codes.shape[1], device=codes.device)
        scores: torch.Tensor = self.head(
            self.norm(self.layers(self.characters(codes) + self.positions(positions)))
        )
        return scores
