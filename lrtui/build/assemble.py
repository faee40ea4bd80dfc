"""From a spec to live objects; the first failure is reported with its phase."""

from dataclasses import dataclass

import torch
from torch import nn

from lrtui.build import losses, metrics, models, optimizers
from lrtui.build.datasets.shares import Share
from lrtui.build.datasets.streams import may_yield_batches, without_short_batch
from lrtui.build.device import choose_device
from lrtui.build.dry_run import DryRun
from lrtui.build.first_batch import load_first_batch
from lrtui.build.instantiate import import_choice, make_scorer
from lrtui.build.loaders import Loaders, make_loaders
from lrtui.build.types import Optimizers
from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.engine.data.transfer import move
from lrtui.engine.data.workers import PERSISTENT, persistent_workers
from lrtui.engine.forward import BatchError, Forward
from lrtui.engine.reading.notes import Notes
from lrtui.engine.reading.words import summary
from lrtui.engine.restore.random_state import reseed
from lrtui.engine.step import updates_itself
from lrtui.engine.types import Batch, BatchStep, Criterion, Loader, Metric
from lrtui.spec import RangeSpec, RunSpec


@dataclass(frozen=True)
class Built:
    """Live objects for the engine: the model on its device, the optimizer with its parameters."""

    model: nn.Module
    optimizer: Optimizers
    criterion: Criterion | None  # None: the forward or the step returns the loss
    loss_name: str
    train_loader: Loader
    val_loader: Loader | None  # None: the data has no validation part
    metric: Metric | None
    metric_name: str
    step: BatchStep | None
    device: torch.device
    batch: str  # how a batch is used, in words
    optimizer_name: str
    notices: tuple[str, ...] = ()  # what batch, output and loss were taken for: said already


def build(spec: RunSpec, notice: Notice = lambda text: None, share: Share | None = None) -> Built:
    """Build all that a spec names, and try the first batch.

    With a `share` it is for one of several processes: its device, and its part of the data.

    Random states are those of a script that seeds, then makes the model and the optimizer: the
    data, the first batch and the dry run leave no trace in them.

    Raises:
        PhaseError: something failed; its phase, one line, and the cause chained.
    """
    device = choose_device(spec.device) if share is None else share.device
    reseed(spec.seed)
    data = _loaders(spec, device, notice, share)
    if persistent_workers(data.train, data.val):
        notice(PERSISTENT)
    batch = load_first_batch(spec.data.target, data.train)
    if may_yield_batches(data.train, batch):
        return _build_on_stream(spec, device, data, batch, notice)
    data = Loaders(without_short_batch(data.train, batch), data.val)
    return _build_on(spec, device, data, batch, notice)


def _build_on_stream(
    spec: RunSpec, device: torch.device, data: Loaders, batch: Batch, notice: Notice
) -> Built:
    """Build on a stream whose examples may be batches: what the model and the loss can do decides.

    Raises:
        PhaseError: both can be done, or neither.
    """
    target = spec.data.target
    bare = data.unbatched()
    example = load_first_batch(target, bare.train)
    as_batches = _attempt(spec, device, bare, example)
    if isinstance(as_batches, PhaseError):
        data = Loaders(without_short_batch(data.train, batch), data.val)
        return _build_on(spec, device, data, batch, notice)
    if not isinstance(_attempt(spec, device, data, batch), PhaseError):
        message = f"{target} yields {summary(example)}: an example, or a batch already?"
        ways = "set loader.batch_size=0 if it is a batch, else return a DataLoader"
        raise PhaseError("data", f"{message} The model runs on both: {ways}")
    notice(f"{target} yields batches, {summary(example)}: they are not batched again")
    return _build_on(spec, device, bare, example, notice)


def _attempt(
    spec: RunSpec, device: torch.device, data: Loaders, batch: Batch
) -> Built | PhaseError:
    try:
        return _build_on(spec, device, data, batch, lambda text: None)
    except PhaseError as error:
        return error


def _build_on(
    spec: RunSpec, device: torch.device, data: Loaders, batch: Batch, notice: Notice
) -> Built:
    batch = move(batch, device)
    reseed(spec.seed)
    model = models.build(
        spec.model,
        data.train,
        device,
        batch,
        notice,
        spec.batch,
        ignore_index=spec.loss.args.get("ignore_index"),
        init_device=spec.init_device,
    )
    optimizer = optimizers.build(spec.optimizer, model, spec.range.start_lr, notice)
    _machine_notices(spec, model, device, notice)
    step = _step(spec, notice)
    if step is None:
        loss = losses.build(spec.loss, model, batch, notice, spec.batch)
    else:
        loss = losses.Loss(None, "the step's own")
    metric, metric_name = _metric(spec, loss, notice)
    _check_batch(model, loss.criterion, step, batch, spec.batch)
    notes = Notes(notice)
    DryRun(
        model,
        optimizer,
        loss.criterion,
        metric,
        step,
        spec.precision,
        loss.name,
        spec.batch,
        notes,
        spec.snapshot,
    ).try_batch(batch)
    return Built(
        model=model,
        optimizer=optimizer,
        criterion=loss.criterion,
        loss_name=loss.name,
        train_loader=data.train,
        val_loader=data.val,
        metric=metric,
        metric_name=metric_name,
        step=step,
        device=device,
        batch="; ".join(notes.lines).removeprefix("batch: "),
        optimizer_name=optimizers.name_of(optimizer),
        notices=tuple(notes.lines),
    )


def _loaders(spec: RunSpec, device: torch.device, notice: Notice, share: Share | None) -> Loaders:
    target = spec.data.target
    data = import_choice("data", spec.data, notice).call()
    loaders = make_loaders(target, data, spec.loader, spec.seed, device, notice, share)
    if spec.range.val and loaders.val is None:
        message = f"{target} has no validation part"
        raise PhaseError("data", f"{message}: return a pair (train, validation), or turn val off")
    return loaders


def _step(spec: RunSpec, notice: Notice) -> BatchStep | None:
    if spec.step.target == "none":
        return None
    step = make_scorer("step", spec.step, notice)
    _refuse_beside_step(spec, updates_itself(step))
    return step


def _metric(spec: RunSpec, loss: losses.Loss, notice: Notice) -> tuple[Metric | None, str]:
    """The metric of the spec and its name; `auto` is the accuracy of a classifier."""
    target = spec.metric.target
    if target == "auto" and loss.name == losses.CROSS_ENTROPY:
        return metrics.ignoring(metrics.accuracy, loss.criterion), "accuracy"
    if target in ("auto", "none"):
        _refuse_metric_mode(spec)
        return None, ""
    metric = make_scorer("metric", spec.metric, notice)
    return metrics.ignoring(metric, loss.criterion), target.rpartition(":")[2]


def _check_batch(
    model: nn.Module,
    criterion: Criterion | None,
    step: BatchStep | None,
    batch: Batch,
    names: str,
) -> None:
    """Raise PhaseError for a batch that has no reading."""
    try:
        Forward(model, criterion, step, names=names).describe(batch)
    except BatchError as error:
        raise PhaseError("data", str(error)) from error


def _machine_notices(spec: RunSpec, model: nn.Module, device: torch.device, notice: Notice) -> None:
    """Say which machine settings do nothing on this device or for this model."""
    if spec.cudnn_benchmark and device.type != "cuda":
        notice(f"cudnn_benchmark has no effect: the run is on {device}, and cuDNN is for CUDA")
    if spec.precision == "tf32" and device.type != "cuda":
        notice(f"precision tf32 has no effect: the run is on {device}, and TF32 is for CUDA")
    if spec.snapshot != "auto" and device.type == "cpu":
        notice(f"snapshot {spec.snapshot} has no effect: on the cpu the copy is in its memory")
    if spec.init_device == "device" and device.type == "cpu":
        notice("init_device device has no effect: the run is on the cpu")
    if spec.channels_last and not any(param.dim() == 4 for param in model.parameters()):
        notice("channels_last has no effect: the model has no weight of four dimensions (Conv2d)")


def _refuse_beside_step(spec: RunSpec, updates_itself: bool) -> None:
    """Refuse what a step of the user's own replaces.

    Args:
        spec: of a run with a step.
        updates_itself: the step takes the optimizers and does the update.

    Raises:
        PhaseError: a setting without an effect.
    """
    if updates_itself and spec.range.clip_grad_norm:
        message = "range.clip_grad_norm has no effect: the step updates the model itself"
        raise PhaseError("step", f"{message}; clip in the step, and set it to 0 here")
    if updates_itself and spec.range.create_graph:
        message = "range.create_graph has no effect: the step updates the model itself"
        raise PhaseError("step", f"{message}; call backward(create_graph=True) in it")
    if spec.metric.target != "none":
        message = f"metric {spec.metric.target} has no effect: the step returns the metrics"
        raise PhaseError("metric", f"{message}, as (loss, {{name: value}}); set metric to none")
    if spec.loss.target not in ("auto", "none"):
        message = f"loss {spec.loss.target} has no effect: the step returns the loss"
        raise PhaseError("loss", f"{message}; set loss to auto, or step to none")


def _refuse_metric_mode(spec: RunSpec) -> None:
    """Refuse a metric_mode for `auto` where nothing is measured; a step may measure something.

    Raises:
        PhaseError: it has no effect.
    """
    if spec.step.target == "none" and spec.range.metric_mode != RangeSpec().metric_mode:
        message = "range.metric_mode has no effect: metric auto measures nothing for this loss"
        raise PhaseError("metric", f"{message}; pick a metric")
