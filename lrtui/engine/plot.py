"""The picture of a history, as torch_lr_finder draws it. matplotlib is imported here and nowhere else in the engine."""

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
) -> Any:
    """Draw loss over learning rate; see `LRFinder.plot`."""
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

    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "plot() needs matplotlib: pip install 'lrtui[plot]'", name=error.name
        ) from error

    kept = slice(skip_start, -skip_end or None)
    lrs, losses = history["lr"][kept], history["loss"][kept]
    figure = None
    if ax is None:
        figure, ax = plt.subplots()
    ax.plot(lrs, losses)
    suggested = None
    if suggest_lr:
        steepest = int(np.gradient(np.asarray(losses)).argmin())
        suggested = lrs[steepest]
        ax.scatter(
            suggested,
            losses[steepest],
            s=75,
            marker="o",
            color="red",
            zorder=3,
            label=f"steepest: {suggested:.2E}",
        )
        ax.legend()
    if log_lr:
        ax.set_xscale("log")
    ax.set_xlabel("Learning rate")
    ax.set_ylabel("Loss")
    if show_lr is not None:
        ax.axvline(x=show_lr, color="red")
    if figure is not None:
        plt.show()
    return (ax, suggested) if suggest_lr else ax
