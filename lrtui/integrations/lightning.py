"""A callback for Lightning's Trainer, of `lightning` and of `pytorch_lightning`.

It runs the test when training starts, on the Trainer's own model, optimizer and precision; training
then goes on as if there had been none. In the test `self.log` does nothing, and hooks around the
optimizer's step (`optimizer_step`, `on_before_zero_grad`) are not called.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import torch

from lrtui.analysis.answer import Schedule, Suggestion
from lrtui.engine.reading.callable import signature_of_callable
from lrtui.finder import LRFinder

if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
    from pytorch_lightning.callbacks import Callback
else:
    try:
        from lightning.pytorch.callbacks import Callback
    except ModuleNotFoundError:
        from pytorch_lightning.callbacks import Callback

RANGE = {"start_lr": 1e-7, "num_iter": 400}


class LRRangeTest(Callback):
    """`Trainer(callbacks=[LRRangeTest()])`: `finder` has the curve, `suggestion` the answer.

    Args:
        set_lr: train at the suggested rate: `model.lr` (or `learning_rate`, also of `hparams`) is
            set, and `configure_optimizers` is called again.
        schedule: of the training; its steps are the Trainer's.
        verbose: as of `LRFinder`.
        **settings: of `LRFinder.range_test`.
    """

    def __init__(
        self,
        *,
        set_lr: bool = False,
        schedule: Schedule = "constant",
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        self.set_lr = set_lr
        self.schedule = schedule
        self.verbose = verbose
        self.settings = {**RANGE, **settings}
        self.finder: LRFinder | None = None
        self.suggestion: Suggestion | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Run the test, put everything back, and set the rate if that is wanted."""
        _refuse(trainer, pl_module, self.set_lr)
        finder = self.finder = _finder(trainer, pl_module, self.verbose)
        with finder, _without_logs(pl_module):
            finder.range_test(
                trainer.train_dataloader,
                batch_step=_batch_step(trainer, pl_module),
                accumulation_steps=trainer.accumulate_grad_batches,
                clip_grad_norm=trainer.gradient_clip_val or None,
                **self.settings,
            )
        steps = trainer.estimated_stepping_batches
        self.suggestion = finder.suggestion(self.schedule, steps if steps < 2**31 else None)
        if self.set_lr and self.suggestion.lr is not None:
            _set_lr(pl_module, self.suggestion.lr)
            trainer.strategy.setup_optimizers(trainer)


def _refuse(trainer: Any, pl_module: Any, set_lr: bool) -> None:
    problem = ""
    if not pl_module.automatic_optimization:
        problem = "manual optimization steps by itself: use lrtui.watch(optimizer) in training_step"
    elif trainer.world_size > 1:
        problem = "it runs on one device: Trainer(devices=1)"
    elif len(trainer.optimizers) != 1:
        problem = "configure_optimizers has to return one optimizer"
    elif not isinstance(trainer.train_dataloader, torch.utils.data.DataLoader):
        problem = "the training data has to be one DataLoader"
    elif trainer.gradient_clip_val and trainer.gradient_clip_algorithm == "value":
        problem = "it clips gradients by their norm, not by value"
    elif set_lr and trainer.global_step:
        problem = "set_lr is for a training that begins, and this one is resumed"
    elif set_lr:
        _lr_name(pl_module)
    if problem:
        raise ValueError(f"LRRangeTest: {problem}")


def _finder(trainer: Any, pl_module: Any, verbose: bool) -> LRFinder:
    optimizer = trainer.optimizers[0]
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    amp: dict[str, Any] = {}
    if scaler is not None:  # the precision plugin casts
        amp = {"amp_backend": "torch", "amp_config": {"enabled": False}, "grad_scaler": scaler}
    return LRFinder(pl_module, optimizer, device=pl_module.device, verbose=verbose, **amp)


def _batch_step(trainer: Any, pl_module: Any) -> Any:
    """`training_step` as the Trainer calls it."""
    indices = count()
    takes_index = len(signature_of_callable(pl_module.training_step).parameters) > 1

    def step(_: Any, batch: Any) -> Any:
        batch = trainer.precision_plugin.convert_input(batch)
        batch = pl_module._on_before_batch_transfer(batch, dataloader_idx=0)
        batch = trainer.strategy.batch_to_device(batch, dataloader_idx=0)
        index = next(indices)
        given = (batch, index) if takes_index else (batch,)
        output = trainer.strategy.training_step(*given)
        return output["loss"] if isinstance(output, Mapping) else output

    return step


@contextmanager
def _without_logs(pl_module: Any) -> Iterator[None]:
    pl_module.log = lambda *_, **__: None
    try:
        yield
    finally:
        del pl_module.log


def _lr_name(pl_module: Any) -> str:
    for name in ("lr", "learning_rate"):
        if hasattr(pl_module, name) or name in pl_module.hparams:
            return name
    raise ValueError("LRRangeTest: set_lr needs a model with `lr` or `learning_rate`")


def _set_lr(pl_module: Any, lr: float) -> None:
    name = _lr_name(pl_module)
    if hasattr(pl_module, name):
        setattr(pl_module, name, lr)
    if name in pl_module.hparams:
        pl_module.hparams[name] = lr
