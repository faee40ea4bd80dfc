"""The range test on a Trainer of Hugging Face's transformers, which stays as it was."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lrtui.analysis.answer import Schedule, Suggestion
from lrtui.engine.restore.random_state import RngState
from lrtui.finder import LRFinder
from lrtui.integrations.watch import RANGE


def find_lr(trainer: Any, **settings: Any) -> Suggestion:
    """The learning rate for the training that a Trainer's arguments describe.

        trainer.args.learning_rate = find_lr(trainer).lr

    Every schedule that decays counts as a cosine.

    Args:
        trainer: on one device; its model, data, loss, optimizer and precision are used.
        **settings: see `range_test`.
    """
    finder = range_test(trainer, **settings)
    args = trainer.args
    steps = _steps(trainer)
    schedule: Schedule = "cosine"
    if str(args.lr_scheduler_type.value).startswith("constant"):
        schedule = "constant"
    return finder.suggestion(schedule, steps, args.get_warmup_steps(steps))


def range_test(trainer: Any, *, verbose: bool = True, **settings: Any) -> LRFinder:
    """A finder that has run the test, for its curve; model and Trainer are put back.

    Args:
        trainer: as for `find_lr`.
        verbose: as of `LRFinder`.
        **settings: of `LRFinder.range_test`.

    Raises:
        ValueError: a Trainer on several devices.
    """
    args = trainer.args
    if args.world_size > 1 or args.n_gpu > 1:
        raise ValueError("the test of a Trainer runs on one device: set CUDA_VISIBLE_DEVICES=0")

    def step(model: Any, batch: Any) -> Any:
        return trainer.compute_loss(model, trainer._prepare_inputs(batch))

    with _unchanged(trainer):
        optimizer = trainer.create_optimizer()
        loader = trainer.get_train_dataloader()
        with LRFinder(
            trainer.model, optimizer, precision=_precision(args), verbose=verbose
        ) as finder:
            finder.range_test(
                loader,
                batch_step=step,
                accumulation_steps=args.gradient_accumulation_steps,
                clip_grad_norm=args.max_grad_norm or None,
                **{**RANGE, **settings},
            )
    return finder


def _steps(trainer: Any) -> int:
    """The optimizer steps of the training, as the Trainer counts them: rounded up."""
    args = trainer.args
    if args.max_steps > 0:
        return int(args.max_steps)
    with _unchanged(trainer):
        batches = len(trainer.get_train_dataloader())
    per_epoch = math.ceil(batches / int(args.gradient_accumulation_steps))
    return math.ceil(per_epoch * float(args.num_train_epochs))


def _precision(args: Any) -> str | None:
    if args.bf16:
        return "bf16"
    return "fp16" if args.fp16 else None


@contextmanager
def _unchanged(trainer: Any) -> Iterator[None]:
    """Put back the Trainer's optimizer, its accelerator's loaders, and the random states."""
    random_states = RngState()
    optimizer = trainer.optimizer
    loaders = trainer.accelerator._dataloaders
    prepared = list(loaders)
    try:
        yield
    finally:
        trainer.optimizer = optimizer
        loaders[:] = prepared
        random_states.restore()
