"""Repeats: the range test over again from the same start, with another order of the data or another initialisation."""

import math
import time
from collections.abc import Generator, Iterator
from typing import Any

import torch

from lrtui.engine.batches import generators, is_split, train_batches
from lrtui.engine.deferred import default_lag
from lrtui.engine.initialise import reinitialise
from lrtui.engine.ramp import Ramp
from lrtui.engine.range_test import Outcome, range_test
from lrtui.engine.replay import Replay
from lrtui.engine.restore.random_state import reseed
from lrtui.engine.settings import Settings
from lrtui.engine.tracker import Tracker
from lrtui.engine.training import Training, place, train_step, validation_of
from lrtui.engine.validation import Validation
from lrtui.events import Step


def all_repeats(
    training: Training, train_loader: Any, val_loader: Any, settings: Settings, ramp: Ramp
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
            _start_over(training, settings, train_loader, seed + repeat)
        place(training)
        batches = _batches(train_loader, settings, batches)
        validation = validation_of(training, val_loader, settings, validation)
        outcome = yield from range_test(
            train_step(training, batches, is_split(train_loader), settings, begun=repeat > 0),
            ramp,
            Tracker(settings.smooth_f, settings.diverge_th),
            training.optimizers,
            training.device,
            validation=validation,
            warmup=settings.warmup,
            lag=default_lag(training.device),
            max_seconds=math.inf if settings.max_seconds is None else settings.max_seconds,
            repeat=repeat,
            began=began,
        )
        if outcome.status == "stopped":
            break
    return outcome


def _batches(train_loader: Any, settings: Settings, before: Iterator[Any] | None) -> Iterator[Any]:
    """The training batches of the next repeat: collated, or those of the one before where they are to be the same."""
    if isinstance(before, Replay) and before.faithful:
        return before.again()
    batches = train_batches(train_loader)
    if settings.vary == "init" and settings.repeats > 1:
        return Replay(batches, generators(train_loader))
    return batches


def _start_over(training: Training, settings: Settings, train_loader: Any, seed: int) -> None:
    training.snapshot.restore()
    if settings.vary == "data":
        reseed(seed, generators(train_loader))
        return
    # the batches stay the same ones: only the weights are drawn anew
    with torch.random.fork_rng():
        torch.manual_seed(seed % 2**64)
        reinitialise(training.model)
