"""Settings that change nothing in this run, where only the built objects show it."""

import torch
from torch import nn

from lrtui.catalog.errors import PhaseError
from lrtui.catalog.targets import Notice
from lrtui.spec import RangeSpec, RunSpec


def machine_notices(spec: RunSpec, model: nn.Module, device: torch.device, notice: Notice) -> None:
    """Say which machine settings do nothing on this device or for this model."""
    if spec.cudnn_benchmark and device.type != "cuda":
        notice(f"cudnn_benchmark has no effect: the run is on {device}, and cuDNN is for CUDA")
    if spec.precision == "tf32" and device.type != "cuda":
        notice(f"precision tf32 has no effect: the run is on {device}, and TF32 is for CUDA")
    if spec.channels_last and not any(param.dim() == 4 for param in model.parameters()):
        notice("channels_last has no effect: the model has no weight of four dimensions (Conv2d)")


def refuse_beside_step(spec: RunSpec, updates_itself: bool) -> None:
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
    if spec.metric.target != "none":
        message = f"metric {spec.metric.target} has no effect: the step returns the metrics"
        raise PhaseError("metric", f"{message}, as (loss, {{name: value}}); set metric to none")
    if spec.loss.target not in ("auto", "none"):
        message = f"loss {spec.loss.target} has no effect: the step returns the loss"
        raise PhaseError("loss", f"{message}; set loss to auto, or step to none")


def refuse_metric_mode(spec: RunSpec) -> None:
    """Refuse a metric_mode for `auto` where nothing is measured; a step may measure something.

    Raises:
        PhaseError: it has no effect.
    """
    if spec.step.target == "none" and spec.range.metric_mode != RangeSpec().metric_mode:
        message = "range.metric_mode has no effect: metric auto measures nothing for this loss"
        raise PhaseError("metric", f"{message}; pick a metric")
