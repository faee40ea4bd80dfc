"""What is measured beside a curve, on the live objects of a run: trials that confirm its answer, the stability limit.

The last event ends the check (see `lrtui.events.ends_check`).
"""

import threading
from collections.abc import Iterator
from contextlib import closing

from lrtui.build.assemble import Built
from lrtui.engine.confirm.trial import Trial
from lrtui.engine.step import updates_itself
from lrtui.events import Measured
from lrtui.finder import LRFinder
from lrtui.protocol import Confirm
from lrtui.run_events import (
    STOPPED,
    check_problem,
    confirmation_event,
    stability_event,
    trial_event,
)
from lrtui.spec import RunSpec

FEW_BATCHES = (
    50  # a validation set of so many is worth its time even where the test was without one
)


def confirmation(
    finder: LRFinder, built: Built, spec: RunSpec, command: Confirm, stop: threading.Event
) -> Iterator[Measured]:
    """A `trial` for each short training, then a `confirmation`.

    Trials are judged by the validation loss where the test measured it or the set is small, else by the training loss.
    """
    val_loader = built.val_loader if _validated(built, spec) else None
    judged_by = "training loss" if val_loader is None else "validation loss"
    answer = finder.analysis()
    run = finder.trials(
        built.train_loader,
        val_loader,
        lr=command.lr,
        iterations=command.iterations,
        seconds=command.seconds,
        schedule=command.schedule,
    )
    finished: list[Trial] = []
    with closing(run):
        while not stop.is_set():
            try:
                event = next(run)
            except StopIteration as end:
                yield confirmation_event(end.value, command.schedule, judged_by)
                return
            if isinstance(event, Trial):
                finished.append(event)
                yield trial_event(finished, answer, command.schedule)
    yield check_problem("confirmation", f"{STOPPED} after {len(finished)} trials")


def stability(finder: LRFinder, built: Built) -> Iterator[Measured]:
    """The largest stable learning rate at the start."""
    yield stability_event(finder.stability(built.train_loader))


def _validated(built: Built, spec: RunSpec) -> bool:
    if built.val_loader is None or updates_itself(built.step):
        return False
    try:
        few = len(built.val_loader) <= FEW_BATCHES
    except TypeError:
        few = False
    return spec.range.val or few
