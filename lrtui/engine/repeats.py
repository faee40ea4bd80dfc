"""Several range tests from the same start, with other data orders or initialisations."""

import math
import time
from collections.abc import Generator, Iterator

import torch

from lrtui.engine.data.batches import generators, train_batches
from lrtui.engine.data.replay import Replay
from lrtui.engine.deferred import default_lag
from lrtui.engine.failures.nonfinite import Explanation
from lrtui.engine.initialise import reinitialise
from lrtui.engine.ramp import Ramp
from lrtui.engine.range_test import Outcome, range_test
from lrtui.engine.restore.random_state import reseed
from lrtui.engine.settings import Settings
from lrtui.engine.tracker import Tracker
from lrtui.engine.training import Training, move_to_device, train_step, validation_of
from lrtui.engine.types import Batch, Loader
from lrtui.engine.validation import Validation
from lrtui.events import Step


def all_repeats(
    training: Training,
    train_loader: Loader,
    val_loader: Loader | None,
    settings: Settings,
    ramp: Ramp,
) -> Generator[Step, None, Outcome]:
    """The steps of every repeat, one after the other; returns the outcome of the last one that ran.

    All start from the current state, which is the one in the snapshot. The first keeps the current
    random states, so that its curve is the one of a test without repeats.
    """
    began = time.perf_counter()
    seed = torch.initial_seed()
    max_seconds = math.inf if settings.max_seconds is None else settings.max_seconds
    batches: Iterator[Batch] | None = None
    validation: Validation | None = None
    outcome = Outcome("stopped", "")
    bad_batch: Explanation | None = None  # of any repeat
    for repeat in range(settings.repeats):
        if repeat > 0:
            _start_over(training, settings, train_loader, seed + repeat)
        move_to_device(training)
        batches = _batches(train_loader, settings, batches)
        validation = validation_of(training, settings, val_loader, validation)
        outcome = yield from range_test(
            train_step(training, settings, train_loader, batches, has_drawn=repeat > 0),
            ramp,
            Tracker(settings.smooth_f, settings.diverge_th),
            training.optimizers,
            training.device,
            validation=validation,
            warmup=settings.warmup,
            lag=default_lag(training.device),
            max_seconds=max_seconds,
            repeat=repeat,
            began=began,
        )
        if outcome.explanation.is_certain:
            bad_batch = outcome.explanation
        if outcome.status == "stopped":
            break
    return outcome if bad_batch is None else outcome._replace(explanation=bad_batch)


def _batches(
    train_loader: Loader, settings: Settings, previous: Iterator[Batch] | None
) -> Iterator[Batch]:
    """The training batches of the next repeat: new ones, or the previous ones again."""
    if isinstance(previous, Replay) and previous.faithful:
        return previous.again()
    batches = train_batches(train_loader)
    if settings.vary == "init" and settings.repeats > 1:
        return Replay(batches, generators(train_loader))
    return batches


def _start_over(training: Training, settings: Settings, train_loader: Loader, seed: int) -> None:
    training.snapshot.restore()
    if settings.vary == "data":
        reseed(seed, generators(train_loader))
        return
    # the batches stay the same: only the weights are drawn again
    with torch.random.fork_rng():
        torch.manual_seed(seed % 2**64)
        reinitialise(training.model)
