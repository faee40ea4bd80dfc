"""The data of the benchmark: all of it is on this machine.

The UCI digits that ship with lrtui, the text and the syntax of the standard library's source, and
functions of random numbers. Each function returns inputs and targets, one row an example.
"""

import ast
import sysconfig
from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

Data = tuple[Tensor, Tensor]


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


@cache
def pixels() -> Data:
    """The digits as their own targets."""
    images, _ = digits()
    return images, images


@cache
def noisy_digits() -> Data:
    """Digits of which a fifth has a random label."""
    images, labels = digits()
    generator = torch.Generator().manual_seed(11)
    wrong = torch.rand(len(labels), generator=generator) < 0.2
    random_labels = torch.randint(10, labels.shape, generator=generator)
    return images, torch.where(wrong, random_labels, labels)


@cache
def rare_digit() -> Data:
    """Is it an eight? One digit in ten is."""
    images, labels = digits()
    return images, (labels == 8).float()[:, None]


@cache
def turned_digits() -> Data:
    """Digits turned by a quarter: what a net that was trained on upright ones is fine-tuned on."""
    images, labels = digits()
    turned = images.view(-1, 8, 8).rot90(1, (1, 2)).reshape(-1, 64)
    return turned, labels


@cache
def noised_digits() -> Data:
    """Digits with noise as wide as their contrast, and the digits."""
    images, _ = digits()
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(12))
    return images + noise, images


@cache
def pairs(rows: int = 20_000) -> Data:
    """Two noisy images of the same digit, never the same two; the targets are not used."""
    images, labels = digits()
    generator = torch.Generator().manual_seed(13)
    first = torch.randint(len(labels), (rows,), generator=generator)
    second = first.clone()
    for label in range(10):
        same = torch.nonzero(labels == label)[:, 0]
        wanted = torch.nonzero(labels[first] == label)[:, 0]
        choice = torch.randint(len(same), (len(wanted),), generator=generator)
        second[wanted] = same[choice]
    both = torch.stack([images[first], images[second]], 1)
    return both + 0.3 * torch.randn(both.shape, generator=generator), labels[first]


@cache
def syntax_counts() -> Data:
    """How often the most frequent kind of syntax occurs in a function, given the others."""
    table, _ = functions()
    column = table[:, :1]
    counts = ((column - column.min()) / column.max() * 20).round()
    return table[:, 1:], counts


@cache
def teacher(rows: int = 120_000, inputs: int = 16) -> Data:
    """Noisy outputs of a random two-layer net: so many rows that none is seen twice."""
    generator = torch.Generator().manual_seed(14)
    x = torch.randn(rows, inputs, generator=generator)
    hidden = torch.tanh(x @ torch.randn(inputs, 24, generator=generator) / inputs**0.5 * 2)
    y = hidden @ torch.randn(24, 1, generator=generator) / 24**0.5
    return x, y + 0.05 * torch.randn(y.shape, generator=generator)


@cache
def contexts(rows: int = 120_000, context: int = 8) -> Data:
    """Eight characters of the standard library's text and the next one, seen once."""
    windows, shifted = characters(context, rows)
    return windows, shifted[:, -1]


@cache
def spirals(rows: int = 4000) -> Data:
    """Three interleaved spirals in the plane."""
    generator = torch.Generator().manual_seed(15)
    labels = torch.randint(3, (rows,), generator=generator)
    radius = torch.rand(rows, generator=generator).sqrt()
    angle = 5 * radius + labels * 2 * torch.pi / 3
    angle = angle + 0.15 * torch.randn(rows, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1), labels


@cache
def sines(rows: int = 6000, length: int = 12) -> Data:
    """Noisy sums of two sines, and the same series one step on."""
    generator = torch.Generator().manual_seed(16)
    time = torch.arange(length + 1) / 2
    frequency = 0.5 + torch.rand(rows, 2, 1, generator=generator)
    phase = 2 * torch.pi * torch.rand(rows, 2, 1, generator=generator)
    series = torch.sin(frequency * time + phase).sum(1)
    series = series + 0.05 * torch.randn(series.shape, generator=generator)
    return series[:, :-1, None], series[:, 1:, None]


@cache
def raw_moments() -> Data:
    """Pixels from 0 to 16 and the moments: inputs and targets unscaled."""
    images, _ = unscaled_digits()
    _, targets = moments()
    return images, targets


def short_texts() -> Data:
    """Windows of twelve characters and the same windows one character on."""
    return characters(12)


def short_snippets() -> Data:
    """Pieces of 24 characters of the text of twelve modules, labelled with their module."""
    return snippets(length=24)
