"""A spec's range as settings of the engine, and back. Names and defaults of the two differ."""

from typing import Any, cast

import msgspec

from lrtui.engine.settings import Given, Settings
from lrtui.engine.types import BatchStep, Metric
from lrtui.spec import RangeSpec

_OFF_AT_ZERO = ("max_seconds", "clip_grad_norm")  # the engine takes None for "off"


def engine_settings(
    test: RangeSpec, metric: Metric | None, batch_step: BatchStep | None, batch: str = ""
) -> Given:
    """The keyword arguments of `LRFinder.steps` for a range.

    `val` is not among them: it decides whether `steps` gets a validation loader.
    """
    values = msgspec.structs.asdict(test)
    del values["val"]
    values["step_mode"] = values.pop("mode")
    for name in _OFF_AT_ZERO:
        values[name] = values[name] or None
    values |= {"keep_ratios": True, "metric": metric, "batch_step": batch_step}
    values["batch"] = batch
    return cast(Given, values)


def range_spec(settings: Settings, start_lr: float, end_lr: float, *, val: bool) -> RangeSpec:
    """The range of a test on live objects.

    Args:
        settings: what the test runs with.
        start_lr: its first rate; settings may leave it to the optimizer.
        end_lr: its last rate; settings may have one for each parameter group.
        val: whether the curve is the validation loss.
    """
    values: dict[str, Any] = {"start_lr": start_lr, "end_lr": end_lr, "mode": "exp", "val": val}
    if settings.step_mode.lower() == "linear":
        values["mode"] = "linear"
    for name, default in msgspec.structs.asdict(RangeSpec()).items():
        if name not in values:
            value = getattr(settings, name) or 0
            values[name] = type(default)(value)  # a numpy number cannot be encoded
    return RangeSpec(**values)
