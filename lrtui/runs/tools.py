"""Learning-rate finders of other libraries: how each smooths its losses, and how to undo it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from lrtui.analysis.curve import FloatArray, undebias, unsmooth
from lrtui.runs.curves import THEIR_SMOOTH_F

Tool = Literal["torch_lr_finder", "fastai", "lightning", "raw"]

_BETA, _AHEAD = 0.98, 1  # Lightning's average counts a step more than it has seen
_FIRST = 5  # losses, by which Lightning's average is known


class Smoothing(NamedTuple):
    """What the user says of the losses in a foreign file.

    Attributes:
        tool: what made them; None: their shape says.
        smooth_f: of torch_lr_finder, which does not keep it; None: its default.
    """

    tool: Tool | None = None
    smooth_f: float | None = None


UNSAID = Smoothing()


def unsmoothed(losses: FloatArray, tool: Tool, smooth_f: float | None = None) -> FloatArray:
    """The raw losses: answers are computed from them."""
    match tool:
        case "torch_lr_finder":
            return unsmooth(losses, smooth_f or THEIR_SMOOTH_F)
        case "fastai":
            return undebias(losses)
        case "lightning":
            return undebias(losses, _BETA, _AHEAD)
        case "raw":
            return losses


def torch_lr_finder_or_lightning(losses: Sequence[float]) -> Tool:
    """Which of the two made losses: their files look alike, and Lightning's average begins low."""
    averages = np.array(losses[:_FIRST])
    steps = np.arange(len(averages)) + 1
    # with a steady loss Lightning's begins at a half of it, then two thirds, three quarters …
    shares = (1 - _BETA**steps) / (1 - _BETA ** (steps + _AHEAD))
    if _scatter(averages, shares) < _scatter(averages, np.ones(len(averages))):
        return "lightning"
    return "torch_lr_finder"


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _scatter(averages: FloatArray, shares: FloatArray) -> float:
    """The standard deviation of the losses behind averages, as a share of their mean, or nan."""
    losses = averages / shares
    return float(np.std(losses) / np.abs(np.mean(losses)))
