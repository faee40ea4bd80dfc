"""A dry run of the first batch; afterwards all states are as before."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.optim import Optimizer

from lrtui.build import explain
from lrtui.build.device import device_of
from lrtui.build.types import Optimizers
from lrtui.catalog.errors import PhaseError, one_line, with_user_line
from lrtui.engine.checks.gradients import NoGradientError, why_no_gradient
from lrtui.engine.failures.labels import check_labels
from lrtui.engine.forward import Forward
from lrtui.engine.reading.notes import Notes
from lrtui.engine.reading.words import BatchError, summary
from lrtui.engine.restore.placement import NoRoomError
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.step import updates_itself
from lrtui.engine.types import Batch, BatchStep, Criterion, Metric, ModelOutput, Target
from lrtui.settings import SnapshotPlace

_HALF_PRECISION = {
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "apex-O1": torch.float16,
    "apex-O2": torch.float16,
}


@dataclass(frozen=True)
class DryRun:
    """A trial of one batch: forward and backward, or the update of a step that does its own."""

    model: nn.Module
    optimizer: Optimizers
    criterion: Criterion | None = None
    metric: Metric | None = None
    step: BatchStep | None = None
    precision: str = "fp32"
    loss_name: str = "the loss"
    names: str = ""  # what the user says that each item of a batch is
    notes: Notes = field(default_factory=Notes)
    snapshot: SnapshotPlace = "auto"

    def try_batch(self, batch: Batch) -> None:
        """Try a batch that is on the model's device; everything is restored, whatever happens.

        Raises:
            PhaseError: what does not fit, with both sides' numbers; phase model, loss, metric, step
            or device.
        """
        attempt = _Attempt(self, batch)
        modules = [part for part in (self.model, self.criterion) if isinstance(part, nn.Module)]
        try:
            with unchanged(
                modules,
                as_list(self.optimizer),
                self.criterion,
                self.metric,
                self.step,
                place=self.snapshot,
            ):
                attempt.run()
        except NoRoomError as error:
            raise PhaseError("device", str(error)) from error
        except torch.OutOfMemoryError as error:
            message = explain.out_of_memory(device_of(self.model), batch)
            raise PhaseError("device", message) from error
        except BatchError as error:
            raise PhaseError("step" if self.step else "loss", str(error)) from error
        except BaseException as error:
            raise attempt.failure(error) from error


class _Attempt:
    """One dry run of one batch, and why it failed."""

    def __init__(self, setup: DryRun, batch: Batch) -> None:
        self._setup = setup
        self._batch = batch
        self._criterion = _Recorded(setup.criterion) if setup.criterion else None
        self._metric = _Recorded(setup.metric) if setup.metric else None
        self._trace = explain.ForwardTrace(setup.model)

    def run(self) -> None:
        """Forward and backward; or the whole update, where the step takes the optimizers."""
        setup = self._setup
        forward = Forward(
            setup.model,
            setup.criterion,
            setup.step,
            self._metric,
            names=setup.names,
            scorer=self._criterion,
            notes=setup.notes,
        )
        setup.model.train()
        if updates_itself(setup.step):
            with self._trace, self._autocast():
                forward(self._batch, as_list(setup.optimizer))
            return
        with self._trace, self._autocast():
            output = forward(self._batch)
        if not output.loss.requires_grad:
            raise NoGradientError(why_no_gradient(setup.model, lambda: forward(self._batch)))
        output.loss.backward()  # type: ignore[no-untyped-call]

    def failure(self, error: BaseException) -> PhaseError:
        """The error as that of the forward, the metric, the criterion, the step or the backward."""
        metric, criterion = self._metric, self._criterion
        if isinstance(error, NoGradientError):
            return PhaseError("model", str(error))
        if self._trace.innermost is not None:
            return PhaseError("model", explain.forward_failure(error, self._trace))
        if metric is not None and metric.failed:
            message = explain.scorer_failure(error, "the metric", *metric.arguments)
            return PhaseError("metric", message)
        if criterion is not None and criterion.failed:
            name = self._setup.loss_name
            message = explain.scorer_failure(error, name, *criterion.arguments)
            return PhaseError("loss", message)
        if self._setup.step is not None:
            what = "the step failed on the first batch"
            return PhaseError("step", with_user_line(f"{what}: {one_line(error)}", error))
        if criterion is not None and not criterion.called:
            what = f"the forward failed on {summary(self._batch)}"
        else:
            what = "the backward pass failed on the first batch"
        return PhaseError("model", with_user_line(f"{what}: {one_line(error)}", error))

    def _autocast(self) -> AbstractContextManager[object]:
        """Autocast as in the run, so that the dry run needs no more memory than the run."""
        precision = self._setup.precision
        if precision not in _HALF_PRECISION:
            return nullcontext()
        device = device_of(self._setup.model)
        return torch.autocast(device.type, dtype=_HALF_PRECISION[precision])


class _Recorded:
    """A criterion or metric that records its arguments, and whether it returned."""

    def __init__(self, scorer: Criterion | Metric) -> None:
        self._scorer = scorer
        self._returned = False
        self.called = False
        self.arguments: tuple[ModelOutput, Target] = (None, None)

    @property
    def failed(self) -> bool:
        """Whether it was called and did not return."""
        return self.called and not self._returned

    def __call__(self, output: ModelOutput, target: Target) -> object:
        """Check the labels, then score."""
        self.called, self.arguments = True, (output, target)
        check_labels(self._scorer, output, target)
        score = self._scorer(output, target)
        self._returned = True
        return score


def dry_forward(model: nn.Module, batch: Batch, names: str = "") -> ModelOutput:
    """What a model returns for a batch; the model and every random state are as before.

    Raises:
        PhaseError: the forward failed; phase model, data where the batch cannot be read, or device
            if it was out of memory.
    """
    trace = explain.ForwardTrace(model)
    try:
        with unchanged([model]), trace:
            return call_model(model, batch, names)
    except BatchError as error:
        raise PhaseError("data", str(error)) from error
    except torch.OutOfMemoryError as error:
        message = explain.out_of_memory(device_of(model), batch)
        raise PhaseError("device", message) from error
    except BaseException as error:
        raise PhaseError("model", explain.forward_failure(error, trace)) from error


def call_model(model: nn.Module, batch: Batch, names: str = "") -> ModelOutput:
    """Call a model that may return its loss: it gets what the reading of the batch says.

    Raises:
        BatchError: the batch cannot be read.
    """
    return Forward(model, None, names=names).output_of(batch)


def as_list(optimizer: Optimizers) -> list[Optimizer]:
    """One optimizer or several, as a list."""
    if isinstance(optimizer, Sequence):
        return list(optimizer)
    return [optimizer]


@contextmanager
def unchanged(
    modules: Sequence[nn.Module],
    optimizers: Sequence[Optimizer] = (),
    *functions: object,
    place: SnapshotPlace = "auto",
) -> Iterator[None]:
    """Restore parameters, buffers, gradients, modes, optimizer state and random states on leaving.

    Also the random states that the given functions own.

    Plain attributes of modules are restored too (a forward may count its calls); what is appended
    to a list is not removed.
    """
    snapshot = Snapshot(modules, optimizers, place=place)
    snapshot.watch(functions)
    attributes = []
    for module in modules:
        attributes += [(part, dict(vars(part))) for part in module.modules()]
    try:
        yield
    finally:
        for part, before in attributes:
            vars(part).clear()
            vars(part).update(before)
        snapshot.restore()
