"""Several range tests from the same start, with other data orders or initialisations."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch

from lrtui.engine.checks.class_order import LabelWatch, shuffles
from lrtui.engine.checks.gradients import check_gradients
from lrtui.engine.checks.rate_guard import RateGuard, nothing
from lrtui.engine.checks.rates import rate_notice
from lrtui.engine.checks.updates import is_known
from lrtui.engine.data.batches import train_batches
from lrtui.engine.data.replay import Replay
from lrtui.engine.deferred import default_lag
from lrtui.engine.distributed.epochs import skip_epochs
from lrtui.engine.failures.nonfinite import Explanation, Losses
from lrtui.engine.initialise.draws import reinitialise
from lrtui.engine.ramp import Course, Ramp
from lrtui.engine.range_test import Outcome, range_test
from lrtui.engine.restore.generators import generators_in
from lrtui.engine.restore.random_state import RngState, reseed
from lrtui.engine.settings import Settings
from lrtui.engine.step import TrainStep, updates_itself
from lrtui.engine.tracker import Tracker
from lrtui.engine.training import (
    Training,
    move_to_device,
    train_step,
    updates_of_training,
    validation_of,
)
from lrtui.engine.types import Batch, Loader, Say
from lrtui.engine.validation import Validation
from lrtui.events import Notice, Step


@dataclass
class Measuring:
    """What a range test is measured with: kept, it can go on where it ended.

    Attributes:
        settings: of the test; they change where its ramp is extended.
        course: its ramp.
        train: the training step, with the iterator of its batches.
        tracker: of the smoothed loss.
        losses: measured so far.
        validation: None without a validation loader.
        seconds: that the test has taken.
        random_state: at its end.
    """

    settings: Settings
    course: Course
    train: TrainStep
    tracker: Tracker
    losses: Losses
    validation: Validation | None
    seconds: float = 0.0
    random_state: RngState | None = None


Keep = Callable[[Measuring], None]
FAR_SEED = 1_000_003  # from rank to rank: other dropout masks on each, as in a training


def all_repeats(
    training: Training,
    train_loader: Loader,
    val_loader: Loader | None,
    settings: Settings,
    course: Course,
    say: Say,
    keep: Keep,
) -> Generator[Step, None, Outcome]:
    """The steps of every repeat, one after the other; returns the outcome of the last one that ran.

    All start from the current state, which is the one in the snapshot. The first keeps the current
    random states, so that its curve is the one of a test without repeats. While it runs, `say` gets
    a notice for what makes its rates unusable. `keep` gets what each is measured with.
    """
    clock, seed = _clock(training), torch.initial_seed()
    if training.ranks is not None:
        seed = training.ranks.of_first(seed)
    began = clock()
    max_seconds = math.inf if settings.max_seconds is None else settings.max_seconds
    batches: Iterator[Batch] | None = None
    validation: Validation | None = None
    outcome = Outcome("stopped", "")
    bad_batch: Explanation | None = None  # of any repeat
    for repeat in range(settings.repeats):
        if repeat > 0:
            _start_over(training, settings, train_loader, seed, repeat)
        move_to_device(training)
        batches = _batches(train_loader, settings, batches)
        validation = validation_of(training, settings, val_loader, validation)
        train = train_step(training, settings, train_loader, batches, has_drawn=repeat > 0)
        checks: AbstractContextManager[object] = nullcontext()
        if repeat == 0:
            checks = checked(training, settings, train_loader, course.ramp, train, say)
        tracker, losses = Tracker(settings.smooth_f, settings.diverge_th), Losses()
        measuring = Measuring(settings, course, train, tracker, losses, validation)
        keep(measuring)
        with checks:
            outcome = yield from range_test(
                train,
                course,
                tracker,
                training.optimizers,
                training.device,
                validation=validation,
                warmup=settings.warmup,
                lag=default_lag(training.device),
                max_seconds=max_seconds,
                repeat=repeat,
                clock=clock,
                began=began,
                losses=losses,
            )
        measuring.seconds = clock() - began
        measuring.random_state = RngState()
        if outcome.explanation.is_certain:
            bad_batch = outcome.explanation
        if outcome.status == "stopped":
            break
    return outcome if bad_batch is None else outcome._replace(explanation=bad_batch)


def going_on(
    training: Training, measuring: Measuring, ramp: Ramp
) -> Generator[Step, None, Outcome]:
    """The steps of a test that goes on where it ended, up to the end of a longer ramp.

    Model and optimizer have to be as the test left them. Its random states are set again.
    """
    settings = measuring.settings
    clock = _clock(training)
    began = clock() - measuring.seconds
    course = measuring.course = Course(ramp, first=measuring.course.ramp.num_iter)
    if measuring.random_state is not None:
        measuring.random_state.restore()
    outcome = yield from range_test(
        measuring.train,
        course,
        measuring.tracker,
        training.optimizers,
        training.device,
        validation=measuring.validation,
        lag=default_lag(training.device),
        max_seconds=math.inf if settings.max_seconds is None else settings.max_seconds,
        clock=clock,
        began=began,
        first=course.first,
        losses=measuring.losses,
    )
    measuring.seconds = clock() - began
    measuring.random_state = RngState()
    return outcome


def _clock(training: Training) -> Callable[[], float]:
    """The clock that time limits go by: one for all ranks."""
    return time.perf_counter if training.ranks is None else training.ranks.clock


@contextmanager
def checked(
    training: Training,
    settings: Settings,
    train_loader: Loader,
    ramp: Ramp,
    train: TrainStep,
    say: Say,
) -> Iterator[None]:
    """Check the optimizers before a test, and its first steps and batches while it runs."""
    updates = updates_of_training(training, settings)
    updates_outside = updates_itself(settings.batch_step)
    if not updates_outside:
        notice = rate_notice(training.optimizers, ramp, updates, create_graph=settings.create_graph)
        if notice is not None:
            say(notice)
        if settings.create_graph and all(map(is_known, training.optimizers)):
            say(Notice(text="create_graph has no effect: the optimizer uses gradients only"))
    check: Callable[[], None] = nothing
    if not (updates_outside or updates.closure):
        modules = [training.model, training.criterion]
        check = partial(check_gradients, training.optimizers, modules)
    guard = RateGuard(training.optimizers, ramp, say, check)
    labels = LabelWatch(say, shuffles=shuffles(train_loader))
    if settings.batch_step is None:
        train.watch_labels(labels)
    try:
        yield
    finally:
        guard.close()
        labels.judge()


def _batches(
    train_loader: Loader, settings: Settings, previous: Iterator[Batch] | None
) -> Iterator[Batch]:
    """The training batches of the next repeat: new ones, or the previous ones again."""
    if isinstance(previous, Replay) and previous.faithful:
        return previous.again()
    batches = train_batches(train_loader)
    if settings.vary == "init" and settings.repeats > 1:
        return Replay(batches, generators_in(train_loader))
    return batches


def _start_over(
    training: Training, settings: Settings, train_loader: Loader, seed: int, repeat: int
) -> None:
    training.snapshot.restore()
    seed += repeat
    if settings.vary == "data":
        rank = 0 if training.ranks is None else training.ranks.rank
        reseed(seed + FAR_SEED * rank, generators_in(train_loader))
        skip_epochs(train_loader, repeat)
        return
    # the batches stay the same: only the weights are drawn again
    with torch.random.fork_rng():
        torch.manual_seed(seed % 2**64)
        reinitialise(training.model)
