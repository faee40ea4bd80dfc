"""Repeats: the range test over again from the same start, with another order of the data or another initialisation."""

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.batches import Replay, generators, is_split, train_batches, val_batches
from lrtui.engine.forward import Forward
from lrtui.engine.lagged import default_lag
from lrtui.engine.loop import Outcome, range_test
from lrtui.engine.precision import Precision
from lrtui.engine.ramp import Ramp
from lrtui.engine.rng import reseed
from lrtui.engine.settings import Settings
from lrtui.engine.snapshot import Snapshot
from lrtui.engine.step import TrainStep, updates_itself
from lrtui.engine.tracker import Tracker
from lrtui.engine.validation import Validation
from lrtui.events import Step


@dataclass(frozen=True, kw_only=True)
class Rig:
    """The live objects of a test. `forward` is what is called: the model, or the compiled form of it."""

    model: nn.Module
    forward: Any
    criterion: Callable[[Any, Any], torch.Tensor] | None
    optimizers: list[Optimizer]
    precision: Precision
    device: torch.device
    snapshot: Snapshot
    channels_last: bool = False


def all_repeats(
    rig: Rig, train_loader: Any, val_loader: Any, settings: Settings, ramp: Ramp
) -> Generator[Step, None, Outcome]:
    """Every repeat's steps, one after the other; the outcome is that of the last one that ran.

    The first repeat starts from the state as it is, the others from the snapshot.
    """
    seed = torch.initial_seed()
    batches: Iterator[Any] | None = None
    outcome = Outcome("stopped", "")
    for repeat in range(settings.repeats):
        if repeat:
            _start_over(rig, settings, train_loader, seed + repeat)
        _place(rig)
        if isinstance(batches, Replay) and batches.whole:
            outcome = yield from one_curve(rig, batches.again(), train_loader, val_loader, settings, ramp, repeat)
        else:
            batches = train_batches(train_loader)
            if settings.vary == "init" and repeat + 1 < settings.repeats:
                batches = Replay(batches)
            outcome = yield from one_curve(rig, batches, train_loader, val_loader, settings, ramp, repeat)
        if outcome.status == "stopped":
            break
    return outcome


def one_curve(
    rig: Rig, batches: Iterator[Any], train_loader: Any, val_loader: Any, settings: Settings, ramp: Ramp, repeat: int
) -> Generator[Step, None, Outcome]:
    """The steps of one range test on these batches."""

    def forward(split: bool) -> Forward:
        return Forward(rig.forward, rig.criterion, settings.batch_step, settings.metric, split)

    train = TrainStep(
        rig.model,
        forward(is_split(train_loader)),
        batches,
        rig.optimizers,
        rig.precision,
        rig.device,
        accumulation_steps=settings.accumulation_steps,
        clip_grad_norm=settings.clip_grad_norm,
        non_blocking=settings.non_blocking_transfer,
        updates_itself=updates_itself(settings.batch_step),
    )
    validation = None
    if val_loader is not None:
        validation = Validation(
            rig.model,
            forward(is_split(val_loader)),
            val_batches(val_loader),
            rig.precision,
            rig.device,
            sample=settings.val_batches,
            non_blocking=settings.non_blocking_transfer,
        )
    return (
        yield from range_test(
            train,
            ramp,
            Tracker(settings.smooth_f, settings.diverge_th),
            rig.optimizers,
            rig.device,
            validation=validation,
            warmup=settings.warmup,
            lag=default_lag(rig.device),
            max_seconds=settings.max_seconds or math.inf,
            repeat=repeat,
        )
    )


def reinitialise(model: nn.Module) -> None:
    """Draw new initial parameters for every module that can (`reset_parameters`, torch's convention)."""
    for part in model.modules():
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if callable(reset):
            reset()


def _start_over(rig: Rig, settings: Settings, train_loader: Any, seed: int) -> None:
    rig.snapshot.restore()
    if settings.vary == "init":
        # the batches stay the same ones: only the weights are drawn anew
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            reinitialise(rig.model)
        return
    reseed(seed)
    for generator in generators(train_loader):
        generator.manual_seed(seed)


def _place(rig: Rig) -> None:
    """Model and optimizer state to the device and memory format that the test runs in."""
    rig.model.to(rig.device)
    if rig.channels_last:
        rig.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for optimizer in rig.optimizers:
        for param, state in optimizer.state.items():
            for name, value in state.items():
                # what has the shape of its parameter lives where the parameter does; step counters stay where they are
                if isinstance(value, torch.Tensor) and value.shape == param.shape and value.device != param.device:
                    state[name] = value.to(param.device)
