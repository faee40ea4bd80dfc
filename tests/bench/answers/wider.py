"""Twelve more trainings, of other kinds: `python -m tests.bench.answers --wider`.

Deep and shallow, with and without normalisation, dropout, embeddings, recurrence, attention and
convolution over text; unscaled inputs and targets; losses from 0.05 to 900. They were measured when
the method was finished except for one number, the delay of momentum
(`lrtui.analysis.prepared_curve.delay`): because of them it is the median age of the gradients, not
the mean age.
"""

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from .tasks import Task, characters, digits, functions, sources


@cache
def unscaled_digits() -> tuple[Tensor, Tensor]:
    """The digits with pixels from 0 to 16."""
    images, labels = digits()
    return (images - images.min()) / (images.max() - images.min()) * 16, labels


@cache
def moments() -> tuple[Tensor, Tensor]:
    """Digits, and their centre of mass and width in tenths of a pixel: unscaled targets."""
    images, _ = digits()
    ink = unscaled_digits()[0].view(-1, 8, 8)
    mass, index = ink.sum((1, 2)), torch.arange(8)
    row, column = (ink.sum(2) * index).sum(1) / mass, (ink.sum(1) * index).sum(1) / mass
    width = ((ink.sum(1) * (index - column[:, None]) ** 2).sum(1) / mass).sqrt()
    return images, 10 * torch.stack([column, row, width], 1)


@cache
def presence() -> tuple[Tensor, Tensor]:
    """Does the fourth kind of syntax occur in a function, given how often the others do?"""
    table, _ = functions()
    others = [column for column in range(table.shape[1]) if column != 3]
    return table[:, others], (table[:, 3:4] > 0).float()


@cache
def bigrams() -> tuple[Tensor, Tensor]:
    """Single characters of the standard library's text, and the next characters."""
    before, after = characters()
    return before[:, ::4].reshape(-1)[:24000], after[:, ::4].reshape(-1)[:24000]


@cache
def snippets(modules: int = 12, rows: int = 6000, length: int = 48) -> tuple[Tensor, Tensor]:
    """Pieces of the text of a few modules, labelled with their module."""
    generator = torch.Generator().manual_seed(5)
    pieces, labels = [], []
    for label, path in enumerate(sources()[:modules]):
        text = path.read_text("utf-8", "ignore")
        codes = torch.tensor([min(max(ord(character) - 31, 0), 95) for character in text])
        if len(codes) > length:
            starts = torch.randint(len(codes) - length, (rows // modules,), generator=generator)
            pieces.append(codes[starts[:, None] + torch.arange(length)])
            labels.append(torch.full((len(starts),), label))
    return torch.cat(pieces), torch.cat(labels)


def deep() -> nn.Module:
    blocks: list[nn.Module] = []
    for _ in range(6):
        blocks += [nn.LayerNorm(48), nn.GELU(), nn.Linear(48, 48)]
    return nn.Sequential(nn.Linear(64, 48), *blocks, nn.LayerNorm(48), nn.GELU(), nn.Linear(48, 10))


def shallow(
    inputs: int, outputs: int, width: int = 64, activation: type[nn.Module] = nn.ReLU
) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def dropout() -> nn.Module:
    blocks: list[nn.Module] = []
    for inputs in (23, 64):
        blocks += [nn.Linear(inputs, 64), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*blocks, nn.Linear(64, 1))


class Bag(nn.Module):
    """The mean of a snippet's embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(96, 32)
        self.head = shallow(32, 12)

    def forward(self, codes: Tensor) -> Tensor:
        scores: Tensor = self.head(self.embed(codes).mean(1))
        return scores


class Reader(nn.Module):
    """A recurrent net over embedded characters, which predicts at every one or after the last."""

    def __init__(
        self, cell: type[nn.GRU] | type[nn.LSTM], width: int, classes: int, every: bool
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(96, 32)
        self.rnn = cell(32, width, batch_first=True)
        self.head = nn.Linear(width, classes)
        self.every = every

    def forward(self, codes: Tensor) -> Tensor:
        states: Tensor = self.rnn(self.embed(codes))[0]
        if not self.every:
            states = states[:, -1]
        scores: Tensor = self.head(states)
        if self.every:
            return scores.transpose(1, 2)
        return scores


class Rows(nn.Module):
    """A plain recurrent net that reads a digit two rows at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(16, 48, batch_first=True)
        self.head = nn.Linear(48, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        states: Tensor = self.rnn(pixels.view(-1, 4, 16))[0]
        scores: Tensor = self.head(states[:, -1])
        return scores


class Convolutions(nn.Module):
    """Causal dilated convolutions that predict the next character."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Embedding(96, width)
        self.dilations = (1, 2, 4)
        self.layers = nn.ModuleList()
        for dilation in self.dilations:
            self.layers.append(nn.Conv1d(width, width, 3, dilation=dilation))
        self.head = nn.Conv1d(width, 96, 1)

    def forward(self, codes: Tensor) -> Tensor:
        x: Tensor = self.embed(codes).transpose(1, 2)
        for dilation, layer in zip(self.dilations, self.layers, strict=True):
            x = x + functional.gelu(layer(functional.pad(x, (2 * dilation, 0))))
        scores: Tensor = self.head(x)
        return scores


class Patches(nn.Module):
    """A vision transformer of one block over patches of 2×2 pixels, with dropout."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Linear(4, width)
        self.position = nn.Parameter(0.02 * torch.randn(16, width))
        self.block = nn.TransformerEncoderLayer(
            width, 4, 64, 0.1, "gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Linear(width, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = pixels.view(-1, 4, 2, 4, 2).permute(0, 1, 3, 2, 4).flatten(3).flatten(1, 2)
        scores: Tensor = self.head(self.block(self.embed(patches) + self.position).mean(1))
        return scores


WIDER = (
    Task("deep", deep, functional.cross_entropy, digits, (32, 64)),
    Task("logistic", lambda: nn.Linear(64, 10), functional.cross_entropy, unscaled_digits),
    Task("moments", lambda: shallow(64, 3), functional.mse_loss, moments, (32, 64)),
    Task("dropout", dropout, functional.binary_cross_entropy_with_logits, presence, (32, 128)),
    Task("huber", lambda: shallow(24, 1, activation=nn.SiLU), functional.smooth_l1_loss, functions),
    Task(
        "bigram",
        lambda: nn.Sequential(nn.Embedding(96, 16), nn.Linear(16, 96)),
        functional.cross_entropy,
        bigrams,
        (128, 512),
    ),
    Task("bag", Bag, functional.cross_entropy, snippets, (32, 128)),
    Task(
        "gru-text",
        lambda: Reader(nn.GRU, 32, 12, False),
        functional.cross_entropy,
        snippets,
        (32, 64),
    ),
    Task(
        "lstm-text",
        lambda: Reader(nn.LSTM, 48, 96, True),
        functional.cross_entropy,
        characters,
        (8, 16),
    ),
    Task("conv-text", Convolutions, functional.cross_entropy, characters, (8, 32)),
    Task("rnn", Rows, functional.cross_entropy, digits),
    Task("vit", Patches, functional.cross_entropy, digits, (32, 64)),
)
