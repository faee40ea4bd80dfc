"""The range test inside any training loop: the loop trains, `Watch` sets the rates and measures."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Self, Unpack

from torch import nn
from torch.amp import GradScaler
from torch.optim import Optimizer

from lrtui.engine.data.batches import check_loaders, train_batches
from lrtui.engine.driven import DrivenSettings, DrivenTest, driven_settings
from lrtui.engine.objects import check_also, check_objects
from lrtui.engine.optim import unprepared
from lrtui.engine.range_test import Outcome, broken_off
from lrtui.engine.restore.placement import check_place
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.types import Batch, Loader, Scalar, Stateful
from lrtui.finder.measured import Measured
from lrtui.settings import SnapshotPlace

RANGE: DrivenSettings = {"start_lr": 1e-7, "num_iter": 400}  # of all integrations


class Watch(Measured):
    """The range test in a training loop of yours.

        with lrtui.watch(optimizer, model, num_iter=400) as test:
            for inputs, targets in test.batches(loader):
                optimizer.zero_grad()
                loss = criterion(model(inputs), targets)
                loss.backward()
                optimizer.step()
                test.update(loss)
        print(test.suggestion())

    The rates are set on entering and by every `update`. On leaving, by an exception too, everything
    is as it was on entering, to the last bit: the parameters that the optimizer holds, their
    gradients, its state and rates, and the global random states. Buffers, train/eval flags, and
    parameters that the optimizer does not hold are put back only of a `model` that is given. Under
    torchrun every rank calls `update`, and the curve is the mean over the ranks.

    Args:
        optimizer: one optimizer or a list of them.
        model: whose buffers (batch norm) and flags are put back too.
        scaler: the GradScaler of the loop: a step that it skips is no point of the curve.
        also: further objects with a state_dict that the loop changes: an average, a scheduler.
        verbose: print what there is to know about the test.
        snapshot: as in `LRFinder`: "auto", "cpu" or "device".
        **settings: as in `LRFinder.range_test`: start_lr (1e-7), end_lr (10), num_iter (400),
            step_mode ("exp"), smooth_f (0.05), diverge_th (5) and keep_ratios (False).

    Raises:
        TypeError: not an optimizer, not a model, an object of `also` that cannot be put back, or a
            setting that does not exist.
        ValueError: settings that make no sense.

    Attributes:
        history, status, reason, notices: see `Measured`.
        planned: how many steps the whole test takes.
    """

    _how_to_start = "no losses yet. update(loss) takes one after every step."

    def __init__(
        self,
        optimizer: Optimizer | Sequence[Optimizer],
        model: nn.Module | None = None,
        *,
        scaler: GradScaler | None = None,
        also: Sequence[Stateful] = (),
        verbose: bool = True,
        snapshot: SnapshotPlace = "auto",
        **settings: Unpack[DrivenSettings],
    ) -> None:
        check_objects(nn.Identity() if model is None else model, optimizer, None)
        check_also(also)
        check_place(snapshot)
        self.optimizer, prepared_scaler = unprepared(optimizer)
        self.verbose = verbose
        self._settings = driven_settings({**RANGE, **settings})
        self._clear_history()
        scaler = scaler or prepared_scaler
        models = [] if model is None else [model]
        take = partial(Snapshot, models, self.optimizers, scaler, also=also, place=snapshot)
        self._test = DrivenTest(
            self.optimizers, self._settings, scaler, take, self._record, self._note
        )
        self.ranks, self.planned = self._test.ranks, self._test.planned

    def __enter__(self) -> Self:
        """Save everything, and set the first rates."""
        if self.status == "running":
            raise RuntimeError("this test is running: leave its `with` before it begins again")
        self._clear_history()
        self._test.begin()
        self.status = "running"
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Put everything back; what was measured stays."""
        try:
            if not self.is_over:
                self._end(self._test.remaining() or self._left(error))
        finally:
            self._test.restore()

    @property
    def is_over(self) -> bool:
        """Whether the test has ended: all rates were used, or the loss has diverged."""
        return self.status != "running"

    @property
    def lr(self) -> float:
        """The rate of the next step, of parameter group 0."""
        return self._test.lrs[0]

    def update(self, loss: Scalar) -> bool:
        """Take the loss of a step, after `optimizer.step()`, and set the rates of the next one.

        Args:
            loss: a scalar, measured before the step; where gradients of several batches are
                accumulated, their mean.

        Returns:
            Whether the test goes on; False is the time to leave the loop.

        Raises:
            RuntimeError: outside of the `with`, or without a step since the last call.
        """
        self._check_begun()
        if not self.is_over:
            self._end(self._test.add(loss))
        return not self.is_over

    def batches(self, loader: Loader) -> Iterator[Batch]:
        """The batches of a loader, epoch after epoch, until the test is over."""
        self._check_begun()
        check_loaders(loader, None)
        if self.is_over:
            return
        self._test.watch_loader(loader)
        batches = train_batches(loader)
        while not self.is_over:
            yield next(batches)

    def _check_begun(self) -> None:
        if not self.status:
            raise RuntimeError("the test has not begun: use it inside `with … as test:`")

    def _end(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            self.status, self.reason = outcome.status, outcome.reason

    def _left(self, error: BaseException | None) -> Outcome:
        """The outcome where the `with` is left before the test is over."""
        if error is not None:
            return broken_off(error)
        progress = f"{self._test.iteration} of {self.planned} iterations"
        return Outcome("stopped", f"the loop ended after {progress}")


watch = Watch
