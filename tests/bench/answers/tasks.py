"""The tasks of the benchmark: 22 that the method is designed and calibrated on, 12 held out.

A task is held out as a whole, with all its optimizers: nothing of the method is chosen or
calibrated on it. Among both are unscaled inputs and targets, losses below zero, fine-tuning,
transformers with a warm-up, and data that is seen once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import data, nets
from .data import Data

VALIDATION = 500  # rows kept for validation

Criterion = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A net, its loss and its data.

    Attributes:
        name: unique.
        kind: what tasks have in common; coverage is reported for each kind.
        build: makes the net, initialised from torch's random state.
        criterion: the loss of outputs and targets, a mean over the batch.
        data: inputs and targets, one row an example.
        batch_size: rows in a batch.
        optimizers: names of `training.OPTIMIZERS`.
        held_out: whether nothing may be chosen or calibrated on it.
        warmup: share of the steps of every training with a linear warm-up.
        pretrained_on: data that the net is trained on before, for 300 steps of Adam at 3e-3.
    """

    name: str
    kind: str
    build: Callable[[], nn.Module]
    criterion: Criterion
    data: Callable[[], Data]
    batch_size: int
    optimizers: tuple[str, ...]
    held_out: bool = False
    warmup: float = 0.0
    pretrained_on: Callable[[], Data] | None = None

    def split(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Training inputs and targets, validation inputs and targets; the same split every time."""
        return split(self.data())


def split(rows: Data) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Shuffled rows: those for training, then the first `VALIDATION`."""
    inputs, targets = rows
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(7))
    inputs, targets = inputs[order], targets[order]
    return inputs[VALIDATION:], targets[VALIDATION:], inputs[:VALIDATION], targets[:VALIDATION]


def reader(inputs: int, outputs: int, *, gated: bool, rows: int) -> nn.Module:
    """A recurrent net that reads a digit some rows at a time."""
    return nn.Sequential(
        nn.Unflatten(1, (64 // rows, rows)), nets.Recurrent(inputs, outputs, gated=gated)
    )


classify = functional.cross_entropy
square = functional.mse_loss

DESIGNED = (
    Task(
        name="mlp",
        kind="plain",
        build=partial(nets.chain, 64, 48, 48, 10),
        criterion=classify,
        data=data.digits,
        batch_size=32,
        optimizers=("sgd", "adamw"),
    ),
    Task(
        name="logistic",
        kind="unscaled",
        build=partial(nets.chain, 64, 10),
        criterion=classify,
        data=data.unscaled_digits,
        batch_size=32,
        optimizers=("sgd", "adam"),
    ),
    Task(
        name="cnn-batch",
        kind="normalised",
        build=partial(nets.conv_net, "batch"),
        criterion=classify,
        data=data.digits,
        batch_size=32,
        optimizers=("momentum", "adam"),
    ),
    Task(
        name="cnn-group",
        kind="normalised",
        build=partial(nets.conv_net, "group"),
        criterion=classify,
        data=data.digits,
        batch_size=16,
        optimizers=("momentum", "adamw"),
    ),
    Task(
        name="residual",
        kind="normalised",
        build=nets.deep,
        criterion=classify,
        data=data.digits,
        batch_size=32,
        optimizers=("momentum", "adamw"),
    ),
    Task(
        name="text-pre",
        kind="text",
        build=partial(nets.Transformer, 12, 96, every=True),
        criterion=classify,
        data=data.short_texts,
        batch_size=8,
        optimizers=("adamw",),
        warmup=0.1,
    ),
    Task(
        name="text-post",
        kind="text",
        build=partial(nets.Transformer, 12, 96, every=True, pre=False),
        criterion=classify,
        data=data.short_texts,
        batch_size=8,
        optimizers=("adam",),
        warmup=0.1,
    ),
    Task(
        name="conv-text",
        kind="text",
        build=nets.Convolutions,
        criterion=classify,
        data=data.short_texts,
        batch_size=8,
        optimizers=("adamw",),
    ),
    Task(
        name="bigram",
        kind="text",
        build=lambda: nn.Sequential(nn.Embedding(96, 16), nn.Linear(16, 96)),
        criterion=classify,
        data=data.bigrams,
        batch_size=128,
        optimizers=("adam", "momentum"),
    ),
    Task(
        name="bag",
        kind="text",
        build=nets.Bag,
        criterion=classify,
        data=data.snippets,
        batch_size=32,
        optimizers=("adamw",),
    ),
    Task(
        name="vit",
        kind="plain",
        build=nets.Patches,
        criterion=classify,
        data=data.digits,
        batch_size=16,
        optimizers=("adamw",),
    ),
    Task(
        name="rnn",
        kind="recurrent",
        build=partial(reader, 16, 10, gated=False, rows=16),
        criterion=classify,
        data=data.digits,
        batch_size=32,
        optimizers=("rmsprop", "sgd"),
    ),
    Task(
        name="table",
        kind="regression",
        build=partial(nets.chain, 24, 48, 48, 1, activation=nn.Tanh),
        criterion=square,
        data=data.functions,
        batch_size=32,
        optimizers=("sgd", "adam"),
    ),
    Task(
        name="huber",
        kind="regression",
        build=partial(nets.chain, 24, 64, 1, activation=nn.SiLU),
        criterion=functional.smooth_l1_loss,
        data=data.functions,
        batch_size=64,
        optimizers=("momentum", "rmsprop"),
    ),
    Task(
        name="moments",
        kind="unscaled",
        build=partial(nets.chain, 64, 64, 3),
        criterion=square,
        data=data.moments,
        batch_size=32,
        optimizers=("adam", "sgd"),
    ),
    Task(
        name="presence",
        kind="plain",
        build=partial(nets.chain, 23, 48, 48, 1, dropout=0.3),
        criterion=functional.binary_cross_entropy_with_logits,
        data=data.presence,
        batch_size=64,
        optimizers=("adamw", "rmsprop"),
    ),
    Task(
        name="likelihood",
        kind="below zero",
        build=partial(nets.chain, 24, 48, 2, activation=nn.Tanh),
        criterion=nets.gaussian_nll,
        data=data.functions,
        batch_size=64,
        optimizers=("adam", "momentum"),
    ),
    Task(
        name="autoencoder",
        kind="regression",
        build=partial(nets.chain, 64, 48, 12, 48, 64, activation=nn.GELU),
        criterion=square,
        data=data.pixels,
        batch_size=32,
        optimizers=("adamw", "momentum"),
    ),
    Task(
        name="tune-mlp",
        kind="fine-tuning",
        build=partial(nets.chain, 64, 48, 48, 10),
        criterion=classify,
        data=data.turned_digits,
        batch_size=32,
        optimizers=("adamw", "momentum"),
        pretrained_on=data.digits,
    ),
    Task(
        name="teacher",
        kind="seen once",
        build=partial(nets.chain, 16, 64, 1),
        criterion=square,
        data=data.teacher,
        batch_size=32,
        optimizers=("adam", "momentum"),
    ),
    Task(
        name="pairs",
        kind="below zero",
        build=nets.Twins,
        criterion=nets.contrastive,
        data=data.pairs,
        batch_size=64,
        optimizers=("adamw",),
    ),
    Task(
        name="spirals",
        kind="plain",
        build=partial(nets.chain, 2, 32, 32, 3),
        criterion=classify,
        data=data.spirals,
        batch_size=64,
        optimizers=("adam", "momentum"),
    ),
)

HELD_OUT = (
    Task(
        name="mixer",
        kind="plain",
        build=nets.Mixer,
        criterion=classify,
        data=data.digits,
        batch_size=16,
        optimizers=("adamw",),
        held_out=True,
    ),
    Task(
        name="resnet",
        kind="normalised",
        build=nets.residual_net,
        criterion=classify,
        data=data.digits,
        batch_size=32,
        optimizers=("momentum", "adamw"),
        held_out=True,
    ),
    Task(
        name="tune-cnn",
        kind="fine-tuning",
        build=partial(nets.conv_net, "group"),
        criterion=classify,
        data=data.turned_digits,
        batch_size=32,
        optimizers=("adamw", "momentum"),
        pretrained_on=data.digits,
        held_out=True,
    ),
    Task(
        name="modules",
        kind="text",
        build=partial(nets.Transformer, 24, 12, every=False, blocks=2),
        criterion=classify,
        data=data.short_snippets,
        batch_size=8,
        optimizers=("adamw",),
        warmup=0.1,
        held_out=True,
    ),
    Task(
        name="n-gram",
        kind="seen once",
        build=nets.NextCharacter,
        criterion=classify,
        data=data.contexts,
        batch_size=32,
        optimizers=("adamw", "momentum"),
        held_out=True,
    ),
    Task(
        name="mixture",
        kind="below zero",
        build=partial(nets.chain, 24, 48, 9, activation=nn.Tanh),
        criterion=nets.mixture_nll,
        data=data.functions,
        batch_size=32,
        optimizers=("adam", "sgd"),
        held_out=True,
    ),
    Task(
        name="raw-moments",
        kind="unscaled",
        build=partial(nets.chain, 64, 32, 32, 3, activation=nn.SiLU),
        criterion=functional.l1_loss,
        data=data.raw_moments,
        batch_size=32,
        optimizers=("adam", "momentum"),
        held_out=True,
    ),
    Task(
        name="gru-sines",
        kind="recurrent",
        build=partial(nets.Recurrent, 1, 1, gated=True, every=True),
        criterion=square,
        data=data.sines,
        batch_size=16,
        optimizers=("adam",),
        held_out=True,
    ),
    Task(
        name="denoise",
        kind="regression",
        build=nets.denoiser,
        criterion=square,
        data=data.noised_digits,
        batch_size=16,
        optimizers=("adamw",),
        held_out=True,
    ),
    Task(
        name="wrong-labels",
        kind="plain",
        build=partial(nets.chain, 64, 96, 10, dropout=0.5),
        criterion=classify,
        data=data.noisy_digits,
        batch_size=32,
        optimizers=("momentum", "rmsprop"),
        held_out=True,
    ),
    Task(
        name="counts",
        kind="below zero",
        build=partial(nets.chain, 23, 32, 1),
        criterion=nets.poisson_nll,
        data=data.syntax_counts,
        batch_size=64,
        optimizers=("adamw", "sgd"),
        held_out=True,
    ),
    Task(
        name="rare",
        kind="normalised",
        build=partial(nets.normalised_chain, 64, 32, 32, 1),
        criterion=functional.binary_cross_entropy_with_logits,
        data=data.rare_digit,
        batch_size=64,
        optimizers=("momentum", "adam"),
        held_out=True,
    ),
)

TASKS = DESIGNED + HELD_OUT
