"""Repeats: the range test over again from the same start, with another order of the data or another initialisation."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.engine.batches import generators, is_split, train_batches, val_batches
from lrtui.engine.forward import Forward
from lrtui.engine.initialise import reinitialise
from lrtui.engine.lagged import default_lag
from lrtui.engine.loop import Outcome, range_test
from lrtui.engine.precision import Precision
from lrtui.engine.ramp import Ramp
from lrtui.engine.rates import separate
from lrtui.engine.replay import Replay
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
    moves: bool = True  # False leaves a model that lives on several devices where it is
    channels_last: bool = False


def all_repeats(
    rig: Rig, train_loader: Any, val_loader: Any, settings: Settings, ramp: Ramp
) -> Generator[Step, None, Outcome]:
    """Every repeat's steps, one after the other; the outcome is that of the last one that ran.

    All start from the state as it is, which is what the snapshot holds. The first has the random states as they are, so
    it is the curve that would have been measured alone.
    """
    began = time.perf_counter()
    seed = torch.initial_seed()
    batches: Iterator[Any] | None = None
    validation: Validation | None = None
    outcome = Outcome("stopped", "")
    for repeat in range(settings.repeats):
        if repeat:
            _start_over(rig, settings, train_loader, seed + repeat)
        place(rig)
        batches = _batches(train_loader, settings, batches)
        validation = validation_of(rig, val_loader, settings, validation)
        outcome = yield from range_test(
            train_step(rig, batches, is_split(train_loader), settings, begun=repeat > 0),
            ramp,
            Tracker(settings.smooth_f, settings.diverge_th),
            rig.optimizers,
            rig.device,
            validation=validation,
            warmup=settings.warmup,
            lag=default_lag(rig.device),
            max_seconds=math.inf if settings.max_seconds is None else settings.max_seconds,
            repeat=repeat,
            began=began,
        )
        if outcome.status == "stopped":
            break
    return outcome


def train_step(rig: Rig, batches: Iterator[Any], split: bool, settings: Settings, *, begun: bool = False) -> TrainStep:
    """The training step of these objects on these batches.

    `split`: they come as (inputs, labels); `begun`: some of them are behind us, so that none left is the end.
    """
    return TrainStep(
        rig.model,
        Forward(rig.forward, rig.criterion, settings.batch_step, settings.metric, split),
        batches,
        rig.optimizers,
        rig.precision,
        rig.device,
        accumulation_steps=settings.accumulation_steps,
        clip_grad_norm=settings.clip_grad_norm,
        non_blocking=settings.non_blocking_transfer,
        updates_itself=updates_itself(settings.batch_step),
        begun=begun,
    )


def _batches(train_loader: Any, settings: Settings, before: Iterator[Any] | None) -> Iterator[Any]:
    """The training batches of the next repeat: collated, or those of the one before where they are to be the same."""
    if isinstance(before, Replay) and before.faithful:
        return before.again()
    batches = train_batches(train_loader)
    if settings.vary == "init" and settings.repeats > 1:
        return Replay(batches, generators(train_loader))
    return batches


def validation_of(rig: Rig, val_loader: Any, settings: Settings, before: Validation | None = None) -> Validation | None:
    """The validation of the next repeat; a sub-sample stays the same one."""
    if val_loader is None or (before is not None and settings.val_batches):
        return before
    return Validation(
        rig.model,
        Forward(rig.forward, rig.criterion, settings.batch_step, settings.metric, is_split(val_loader)),
        val_batches(val_loader),
        rig.precision,
        rig.device,
        sample=settings.val_batches,
        non_blocking=settings.non_blocking_transfer,
        optimizers=rig.optimizers,
    )


def _start_over(rig: Rig, settings: Settings, train_loader: Any, seed: int) -> None:
    rig.snapshot.restore()
    if settings.vary == "data":
        reseed(seed, generators(train_loader))
        return
    # the batches stay the same ones: only the weights are drawn anew
    with torch.random.fork_rng():
        torch.manual_seed(seed % 2**64)
        reinitialise(rig.model)


def place(rig: Rig) -> None:
    """Model and optimizer state to the device and memory format that the test runs in."""
    homes = {param: param.device for one in rig.optimizers for param in one.state if isinstance(param, torch.Tensor)}
    separate(rig.optimizers)
    if rig.moves:
        rig.model.to(rig.device)
    if rig.channels_last:
        rig.model.to(memory_format=torch.channels_last)
    for optimizer in rig.optimizers:
        for param, state in optimizer.state.items():
            if param not in homes or not isinstance(state, dict):
                continue  # some keep counters under a name
            for name, value in state.items():
                if name != "step":  # step counters stay where they are
                    state[name] = follow(value, param, homes[param])


def follow(value: Any, param: torch.Tensor, home: torch.device) -> Any:
    """A value of a parameter's state, where the parameter is now: what has its shape, and what lived beside it."""
    if isinstance(value, list):  # LBFGS keeps its past steps and gradients so
        return [follow(one, param, home) for one in value]
    if not isinstance(value, torch.Tensor) or value.device == param.device:
        return value
    beside = value.device == home and value.dim() > 0
    return value.to(param.device) if beside or value.shape == param.shape else value
