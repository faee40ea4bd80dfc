"""The nets of the benchmark: small ones of many kinds, all of which torch.func.vmap can batch.

Batch normalisation uses the batch's own statistics in evaluation too, and recurrence is written
out: running statistics and fused recurrent kernels can't be batched over nets.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


def chain(*widths: int, activation: type[nn.Module] = nn.ReLU, dropout: float = 0.0) -> nn.Module:
    """Linear layers with an activation between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        if layers:
            layers.append(activation())
            if dropout:
                layers.append(nn.Dropout(dropout))
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def batch_norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, track_running_stats=False)


def group_norm(channels: int) -> nn.Module:
    return nn.GroupNorm(4, channels)


def conv_net(norm: str) -> nn.Module:
    """Two convolutions over a digit."""
    make = batch_norm if norm == "batch" else group_norm
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False),
        make(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
        make(16),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


class Residual(nn.Module):
    """What a module adds to its input."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.module(x)
        return result


def residual_net() -> nn.Module:
    """A small ResNet over a digit."""
    blocks = []
    for _ in range(2):
        inside = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1, bias=False),
            batch_norm(8),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1, bias=False),
            batch_norm(8),
        )
        blocks.append(nn.Sequential(Residual(inside), nn.ReLU()))
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False),
        batch_norm(8),
        nn.ReLU(),
        *blocks,
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def deep(width: int = 32, blocks: int = 4) -> nn.Module:
    """Residual blocks with layer normalisation."""
    layers: list[nn.Module] = [nn.Linear(64, width)]
    for _ in range(blocks):
        inside = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width)
        )
        layers.append(Residual(inside))
    return nn.Sequential(*layers, nn.LayerNorm(width), nn.Linear(width, 10))


def normalised_chain(*widths: int) -> nn.Module:
    """Linear layers with batch normalisation between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths[:-1]):
        norm = nn.BatchNorm1d(outputs, track_running_stats=False)
        layers += [nn.Linear(inputs, outputs, bias=False), norm, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, width: int, causal: bool, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if self.causal:
            length = x.shape[1]
            later = torch.ones(length, length, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, -1e9)
        mixed = scores.softmax(-1) @ v
        attended: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return attended


class Block(nn.Module):
    """A transformer block, normalised before its parts (`pre`) or after them."""

    def __init__(self, width: int, causal: bool, pre: bool, dropout: float = 0.0) -> None:
        super().__init__()
        self.pre = pre
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, causal)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.pre:
            x = x + self.attention(self.norm1(x))
            after: Tensor = x + self.mlp(self.norm2(x))
            return after
        x = self.norm1(x + self.attention(x))
        normed: Tensor = self.norm2(x + self.mlp(x))
        return normed


class Transformer(nn.Module):
    """Reads characters: predicts the next one at every one, or one class for all."""

    def __init__(
        self,
        context: int,
        classes: int,
        *,
        every: bool,
        pre: bool = True,
        blocks: int = 1,
        width: int = 16,
    ) -> None:
        super().__init__()
        self.every = every
        self.token = nn.Embedding(96, width)
        self.position = nn.Parameter(0.02 * torch.randn(context, width))
        layers: list[nn.Module] = []
        for _ in range(blocks):
            layers.append(Block(width, causal=every, pre=pre))
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, codes: Tensor) -> Tensor:
        x: Tensor = self.blocks(self.token(codes) + self.position)
        if not self.every:
            x = x.mean(1)
        scores: Tensor = self.head(x)
        if self.every:
            return scores.transpose(1, 2)
        return scores


class Patches(nn.Module):
    """A vision transformer of one block over patches of 2×2 pixels, with dropout."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed = nn.Linear(4, width)
        self.position = nn.Parameter(0.02 * torch.randn(16, width))
        self.block = Block(width, causal=False, pre=True, dropout=0.1)
        self.head = nn.Linear(width, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.block(self.embed(as_patches(pixels)) + self.position)
        scores: Tensor = self.head(x.mean(1))
        return scores


class Mixer(nn.Module):
    """An MLP-mixer of one block over patches of 2×2 pixels."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.embed = nn.Linear(4, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = chain(16, 32, 16, activation=nn.GELU)
        self.channels = chain(width, 2 * width, width, activation=nn.GELU)
        self.head = nn.Linear(width, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.embed(as_patches(pixels))
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channels(self.norm2(x))
        scores: Tensor = self.head(x.mean(1))
        return scores


def as_patches(pixels: Tensor) -> Tensor:
    """The 16 patches of 2×2 pixels of each digit, [batch, 16, 4]."""
    patches = pixels.view(-1, 4, 2, 4, 2).permute(0, 1, 3, 2, 4)
    return patches.flatten(3).flatten(1, 2)


class Recurrent(nn.Module):
    """A recurrent net, gated or plain, over rows of numbers or embedded characters."""

    def __init__(
        self, inputs: int, outputs: int, *, gated: bool, every: bool = False, width: int = 24
    ) -> None:
        super().__init__()
        self.gated, self.every, self.width = gated, every, width
        gates = 3 if gated else 1
        self.read = nn.Linear(inputs, gates * width)
        self.recur = nn.Linear(width, gates * width)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        reads = self.read(x)
        state = torch.zeros(x.shape[0], self.width)
        states = []
        for position in range(x.shape[1]):
            state = self.next_state(reads[:, position], state)
            states.append(state)
        if self.every:
            outputs: Tensor = self.head(torch.stack(states, 1))
            return outputs
        last: Tensor = self.head(state)
        return last

    def next_state(self, read: Tensor, state: Tensor) -> Tensor:
        """The equations of a GRU (arXiv 1406.1078), or tanh of the sum."""
        if not self.gated:
            return torch.tanh(read + self.recur(state))
        read_r, read_z, read_n = read.chunk(3, -1)
        state_r, state_z, state_n = self.recur(state).chunk(3, -1)
        reset, update = torch.sigmoid(read_r + state_r), torch.sigmoid(read_z + state_z)
        candidate = torch.tanh(read_n + reset * state_n)
        return (1 - update) * candidate + update * state


class Bag(nn.Module):
    """The mean of a snippet's embeddings."""

    def __init__(self, classes: int = 12, width: int = 24) -> None:
        super().__init__()
        self.embed = nn.Embedding(96, width)
        self.head = chain(width, 48, classes)

    def forward(self, codes: Tensor) -> Tensor:
        scores: Tensor = self.head(self.embed(codes).mean(1))
        return scores


class Convolutions(nn.Module):
    """Causal dilated convolutions that predict the next character."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed = nn.Embedding(96, width)
        self.dilations = (1, 2, 4)
        self.layers = nn.ModuleList()
        for dilation in self.dilations:
            self.layers.append(nn.Conv1d(width, width, 2, dilation=dilation))
        self.head = nn.Conv1d(width, 96, 1)

    def forward(self, codes: Tensor) -> Tensor:
        x: Tensor = self.embed(codes).transpose(1, 2)
        for dilation, layer in zip(self.dilations, self.layers, strict=True):
            x = x + functional.gelu(layer(functional.pad(x, (dilation, 0))))
        scores: Tensor = self.head(x)
        return scores


class NextCharacter(nn.Module):
    """An n-gram model: embedded characters, side by side, through a hidden layer."""

    def __init__(self, context: int = 8, width: int = 12) -> None:
        super().__init__()
        self.embed = nn.Embedding(96, width)
        self.head = chain(context * width, 64, 96, activation=nn.Tanh)

    def forward(self, codes: Tensor) -> Tensor:
        scores: Tensor = self.head(self.embed(codes).flatten(1))
        return scores


class Twins(nn.Module):
    """Unit vectors of both images of a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.net = chain(64, 48, 16)

    def forward(self, pair: Tensor) -> Tensor:
        return functional.normalize(self.net(pair), dim=-1)


def denoiser() -> nn.Module:
    """Convolutions with group normalisation that clean a digit."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, padding=1),
        group_norm(8),
        nn.SiLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        group_norm(8),
        nn.SiLU(),
        nn.Conv2d(8, 1, 3, padding=1),
        nn.Flatten(),
    )


def gaussian_nll(output: Tensor, target: Tensor) -> Tensor:
    """Negative log likelihood of a normal distribution: below zero where the fit is close."""
    mean, log_width = output.chunk(2, -1)
    log_width = log_width.clamp(-6, 6)
    return (0.5 * ((target - mean) / log_width.exp()) ** 2 + log_width).mean()


def mixture_nll(output: Tensor, target: Tensor) -> Tensor:
    """Negative log likelihood of a mixture of three normal distributions."""
    weight, mean, log_width = output.chunk(3, -1)
    log_width = log_width.clamp(-6, 6)
    log_density = -0.5 * ((target - mean) / log_width.exp()) ** 2 - log_width
    return -(weight.log_softmax(-1) + log_density).logsumexp(-1).mean()


def poisson_nll(output: Tensor, target: Tensor) -> Tensor:
    """Negative log likelihood of a count, up to a constant: below zero for large counts."""
    return functional.poisson_nll_loss(output, target)


def contrastive(output: Tensor, target: Tensor) -> Tensor:
    """InfoNCE (arXiv 1807.03748) with temperature 0.1: which images of the batch are a pair."""
    one, other = output[:, 0], output[:, 1]
    scores = one @ other.transpose(0, 1) / 0.1
    return functional.cross_entropy(scores, torch.arange(scores.shape[0]))
