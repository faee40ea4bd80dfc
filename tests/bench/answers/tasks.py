"""Five small trainings on real data, for which a learning rate is needed.

All data is on this machine: the UCI digits that ship with lrtui, and the standard library's source.
"""

import ast
import sysconfig
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

VALIDATION = 500  # rows kept for validation


@dataclass(frozen=True)
class Task:
    """A model, its loss and its data, split into training and validation."""

    name: str
    build: Callable[[], nn.Module]
    criterion: Callable[[Tensor, Tensor], Tensor]
    data: Callable[[], tuple[Tensor, Tensor]]
    batch_sizes: tuple[int, int] = (16, 64)

    def split(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Training inputs and targets, validation inputs and targets; the same split every time."""
        inputs, targets = self.data()
        order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(7))
        inputs, targets = inputs[order], targets[order]
        return inputs[VALIDATION:], targets[VALIDATION:], inputs[:VALIDATION], targets[:VALIDATION]


@cache
def digits() -> tuple[Tensor, Tensor]:
    """The UCI digits, 1797 images of 8×8, standardised."""
    shipped = resources.files("lrtui.build.datasets").joinpath("digits", "digits.npz")
    with shipped.open("rb") as file, np.load(file) as archive:
        images, labels = archive["images"], archive["labels"]
    pixels = torch.as_tensor(images, dtype=torch.float32).reshape(-1, 64)
    return (pixels - pixels.mean()) / pixels.std(), torch.as_tensor(labels, dtype=torch.int64)


def sources() -> list[Path]:
    """The top-level modules of the standard library, in a fixed order."""
    return sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))


@cache
def characters(context: int = 32, rows: int = 8000) -> tuple[Tensor, Tensor]:
    """Windows of the standard library's text and the same windows one character on."""
    text = "".join(path.read_text("utf-8", "ignore") for path in sources()[:40])
    codes = torch.tensor([code_of(character) for character in text])
    starts = torch.randint(
        len(codes) - context - 1, (rows,), generator=torch.Generator().manual_seed(3)
    )
    windows = codes[starts[:, None] + torch.arange(context + 1)]
    return windows[:, :-1], windows[:, 1:]


def code_of(character: str) -> int:
    """0 to 94 for printable ASCII, 95 for a line break; any other character counts as a space."""
    if character == "\n":
        return 95
    if " " <= character <= "~":
        return ord(character) - 32
    return 0


@cache
def functions(columns: int = 24) -> tuple[Tensor, Tensor]:
    """How often each kind of syntax occurs in a function, and the log of its length."""
    counts: list[Counter[str]] = []
    lengths = []
    for path in sources():
        source = path.read_text("utf-8", "ignore")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                counts.append(Counter(type(child).__name__ for child in ast.walk(node)))
                lengths.append(sum(map(len, lines[node.lineno - 1 : node.end_lineno])))
        if len(counts) > 4000:
            break
    kinds = [kind for kind, _ in sum(counts, Counter()).most_common(columns)]
    rows = []
    for count in counts:
        rows.append([float(count[kind]) for kind in kinds])
    table = torch.tensor(rows)
    target = torch.tensor(lengths, dtype=torch.float32).log()[:, None]
    return (table - table.mean(0)) / table.std(0), (target - target.mean()) / target.std()


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


class Recurrent(nn.Module):
    """A GRU that reads a digit row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(8, 32, batch_first=True)
        self.head = nn.Linear(32, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        states: Tensor = self.rnn(pixels.view(-1, 8, 8))[0]
        scores: Tensor = self.head(states[:, -1])
        return scores


class Transformer(nn.Module):
    """One pre-norm block that predicts the next character."""

    def __init__(self, width: int = 32, heads: int = 2, context: int = 32) -> None:
        super().__init__()
        self.heads = heads
        self.token = nn.Embedding(96, width)
        self.position = nn.Parameter(0.02 * torch.randn(context, width))
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.head = nn.Linear(width, 96)

    def forward(self, codes: Tensor) -> Tensor:
        x = self.token(codes) + self.position
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        x = x + self.mlp(self.norm2(x))
        scores: Tensor = self.head(self.norm3(x))
        return scores.transpose(1, 2)


def regressor() -> nn.Module:
    return nn.Sequential(
        nn.Linear(24, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1)
    )


TASKS = (
    Task("mlp", mlp, functional.cross_entropy, digits),
    Task("cnn", cnn, functional.cross_entropy, digits),
    Task("transformer", Transformer, functional.cross_entropy, characters, (4, 16)),
    Task("gru", Recurrent, functional.cross_entropy, digits),
    Task("table", regressor, functional.mse_loss, functions),
)
