"""A callback for Lightning's Trainer, of `lightning` and of `pytorch_lightning`.

It runs the test when training starts, on the Trainer's own model, optimizer and precision; training
then goes on as if there had been none. In the test `self.log` does nothing, and hooks around the
optimizer's step (`optimizer_step`, `on_before_zero_grad`) are not called.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from torch.utils.data import DataLoader

from lrtui.analysis.answer import Schedule, Suggestion
from lrtui.engine.reading.callable import signature_of_callable
from lrtui.finder import LRFinder
from lrtui.integrations.watch import RANGE

try:
    from lightning.pytorch.callbacks import Callback
    from lightning.pytorch.utilities.parsing import lightning_hasattr, lightning_setattr
except ModuleNotFoundError:
    from pytorch_lightning.callbacks import Callback
    from pytorch_lightning.utilities.parsing import lightning_hasattr, lightning_setattr


class LRRangeTest(Callback):
    """`Trainer(callbacks=[LRRangeTest()])`: `finder` has the curve, `suggestion` the answer.

    Args:
        set_lr: train at the suggested rate: `model.lr` (or `learning_rate`, also of `hparams` and
            of the datamodule) is set, and `configure_optimizers` is called again.
        schedule: of the training; its steps are the Trainer's.
        verbose: as of `LRFinder`.
        **settings: of `LRFinder.range_test`.
    """

    finder: LRFinder | None = None
    suggestion: Suggestion | None = None

    def __init__(
        self,
        *,
        set_lr: bool = False,
        schedule: Schedule = "constant",
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        self.set_lr, self.schedule, self.verbose = set_lr, schedule, verbose
        self.settings = {**RANGE, **settings}

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Run the test, put everything back, and set the rate if that is wanted.

        Raises:
            ValueError: a training that the test cannot run as the Trainer does.
        """
        rate = _rate_of(pl_module)
        for is_met, need in _needs(trainer, pl_module, self.set_lr, rate):
            if not is_met:
                raise ValueError(f"LRRangeTest needs {need}")
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        finder = self.finder = LRFinder(
            pl_module,
            trainer.optimizers[0],
            device=pl_module.device,
            amp_backend="torch" if scaler else None,
            amp_config={"enabled": False},  # the precision plugin casts
            grad_scaler=scaler,
            verbose=self.verbose,
        )
        pl_module.log = lambda *_, **__: None
        try:
            with finder:
                finder.range_test(
                    trainer.train_dataloader,
                    batch_step=_batch_step(trainer, pl_module),
                    accumulation_steps=trainer.accumulate_grad_batches,
                    clip_grad_norm=trainer.gradient_clip_val or None,
                    **self.settings,
                )
        finally:
            del pl_module.log
        steps = trainer.estimated_stepping_batches
        self.suggestion = finder.suggestion(self.schedule, steps if steps < 2**31 else None)
        if self.set_lr and rate and self.suggestion.lr is not None:
            lightning_setattr(pl_module, rate, self.suggestion.lr)
            trainer.strategy.setup_optimizers(trainer)


def _rate_of(model: Any) -> str | None:
    """The name of the model's own learning rate."""
    return next((name for name in ("lr", "learning_rate") if lightning_hasattr(model, name)), None)


def _needs(trainer: Any, model: Any, set_lr: bool, rate: str | None) -> list[tuple[bool, str]]:
    """What has to be so for the test to train as the Trainer does, and whether it is."""
    clips_values = trainer.gradient_clip_val and trainer.gradient_clip_algorithm == "value"
    return [
        (model.automatic_optimization, "automatic optimization (for manual, use lrtui.watch)"),
        (trainer.world_size == 1, "one device: Trainer(devices=1)"),
        (len(trainer.optimizers) == 1, "one optimizer from configure_optimizers"),
        (isinstance(trainer.train_dataloader, DataLoader), "one DataLoader of training data"),
        (not clips_values, "gradients that are clipped by norm, not by value"),
        (not set_lr or rate is not None, "`lr` or `learning_rate` in the model, for set_lr"),
        (not set_lr or not trainer.global_step, "a training that begins, for set_lr"),
    ]


def _batch_step(trainer: Any, pl_module: Any) -> Callable[[Any, Any], Any]:
    """`training_step` as the Trainer calls it."""
    indices = count()
    arguments = len(signature_of_callable(pl_module.training_step).parameters)

    def step(_: Any, batch: Any) -> Any:
        batch = trainer.precision_plugin.convert_input(batch)
        batch = pl_module._on_before_batch_transfer(batch, dataloader_idx=0)
        batch = trainer.strategy.batch_to_device(batch, dataloader_idx=0)
        output = trainer.strategy.training_step(*(batch, next(indices))[:arguments])
        return output["loss"] if isinstance(output, Mapping) else output

    return step
