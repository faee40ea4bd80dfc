"""Histories: the curves of a test as lists, as torch_lr_finder has them, and more."""

import math
from typing import Any, TypeAlias

from lrtui.analysis.curve import Curve
from lrtui.engine.settings import Settings
from lrtui.events import Step

History: TypeAlias = dict[str, list[Any]]  # numbers; tuples of numbers under "group_lrs"


def empty() -> History:
    """A history without a point."""
    return {"lr": [], "loss": []}


def record(step: Step, history: History) -> None:
    """Append a step: torch_lr_finder's `lr` and `loss`, and whatever else was measured."""
    raw_loss = step.raw_loss if step.raw_loss is not None else step.measured_loss
    history["lr"].append(step.lr)
    history["loss"].append(raw_loss if step.loss is None else step.loss)
    history.setdefault("raw_loss", []).append(raw_loss)
    if step.train_loss is not None:
        history.setdefault("train_loss", []).append(step.train_loss)
    _record_metric(step, history)
    if step.group_lrs:
        history.setdefault("group_lrs", []).append(step.group_lrs)


def curves(
    histories: list[History], settings: Settings, momentum: float | None, ended: str = ""
) -> list[Curve]:
    """The histories that have points, in the analysis's form; `ended` says why the test ended."""
    measured = [history for history in histories if history["lr"]]
    return [_curve(history, settings, momentum, ended) for history in measured]


def _record_metric(step: Step, history: History) -> None:
    """Append the metric, or NaN: a user's step may measure it only now and then."""
    if step.metric is None and "metric" not in history:
        return
    steps_before = len(history["lr"]) - 1
    metrics = history.setdefault("metric", [math.nan] * steps_before)
    metrics.append(math.nan if step.metric is None else step.metric)


def _curve(history: History, settings: Settings, momentum: float | None, ended: str) -> Curve:
    return Curve.of(
        history["lr"],
        history.get("raw_loss", history["loss"]),
        history["loss"],
        history.get("metric"),
        metric_mode=settings.metric_mode,
        num_iter=settings.num_iter,
        momentum=momentum,
        ended=ended,
    )
