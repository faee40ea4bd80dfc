"""The plot of a history, as torch_lr_finder draws it. Only this module imports matplotlib."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def plot_history(
    history: Mapping[str, Sequence[float]],
    skip_start: int,
    skip_end: int,
    log_lr: bool,
    show_lr: float | None,
    ax: Any,
    suggest_lr: bool,
    *,
    shows: bool = True,
) -> Any:
    """Draw loss over learning rate; see `LRFinder.plot`. A new figure is shown if it `shows`."""
    _check(history, skip_start, skip_end, show_lr, suggest_lr)
    plt = _pyplot()
    kept = slice(skip_start, -skip_end or None)
    lrs, losses = history["lr"][kept], history["loss"][kept]
    figure = None
    if ax is None:
        figure, ax = plt.subplots()
    ax.plot(lrs, losses)
    suggested = None
    if suggest_lr:
        suggested = _mark_steepest(ax, lrs, losses)
    if log_lr:
        ax.set_xscale("log")
    ax.set_xlabel("Learning rate")
    ax.set_ylabel("Loss")
    if show_lr is not None:
        ax.axvline(x=show_lr, color="red")
    if figure is not None and shows:
        plt.show()
    return (ax, suggested) if suggest_lr else ax


def _check(
    history: Mapping[str, Sequence[float]],
    skip_start: int,
    skip_end: int,
    show_lr: float | None,
    suggest_lr: bool,
) -> None:
    if skip_start < 0:
        raise ValueError("skip_start cannot be negative")
    if skip_end < 0:
        raise ValueError("skip_end cannot be negative")
    if show_lr is not None and not isinstance(show_lr, float):
        raise ValueError("show_lr must be float")
    count, needed = len(history["lr"]), skip_start + skip_end + 2
    if suggest_lr and count < needed:
        raise RuntimeError(
            f"Need at least {needed} iterations to suggest a learning rate. Got {count}"
        )


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "plot() needs matplotlib: pip install 'lrtui[plot]'", name=error.name
        ) from error
    return plt


def _mark_steepest(ax: Any, lrs: Sequence[float], losses: Sequence[float]) -> float:
    """Mark the point where the loss falls fastest, and return its learning rate."""
    steepest = int(np.gradient(np.asarray(losses)).argmin())
    ax.scatter(
        lrs[steepest],
        losses[steepest],
        s=75,
        marker="o",
        color="red",
        zorder=3,
        label=f"steepest: {lrs[steepest]:.2E}",
    )
    ax.legend()
    return lrs[steepest]
