"""Histories: the curves of a test as lists, in torch_lr_finder's shape and beyond it, and as arrays for analysis."""

import math
from typing import Any

from lrtui.analysis.curve import Curve
from lrtui.engine.settings import Settings
from lrtui.events import Step

History = dict[str, list[Any]]


def empty() -> History:
    """A history without a point."""
    return {"lr": [], "loss": []}


def record(step: Step, history: History) -> None:
    """Append a step to a history: torch_lr_finder's `lr` and `loss`, and beside them whatever else was measured."""
    raw = step.raw_loss if step.raw_loss is not None else step.measured_loss
    history["lr"].append(step.lr)
    history["loss"].append(raw if step.loss is None else step.loss)
    history.setdefault("raw_loss", []).append(raw)
    if step.train_loss is not None:
        history.setdefault("train_loss", []).append(step.train_loss)
    if step.metric is not None or "metric" in history:
        before = (
            len(history["lr"]) - 1
        )  # steps without one, where a step of the user's measures it now and then
        history.setdefault("metric", [math.nan] * before).append(
            math.nan if step.metric is None else step.metric
        )
    if step.group_lrs:
        history.setdefault("group_lrs", []).append(step.group_lrs)


def curves(histories: list[History], settings: Settings, momentum: float | None) -> list[Curve]:
    """The histories that have points, as the analysis takes them."""
    return [
        Curve.of(
            one["lr"],
            one.get("raw_loss", one["loss"]),
            one["loss"],
            one.get("metric"),
            metric_mode=settings.metric_mode,
            num_iter=settings.num_iter,
            momentum=momentum,
        )
        for one in histories
        if one["lr"]
    ]
