"""Whether the training data comes in the order of its classes.

Then the loss falls because each batch is like the one before, whatever the rate: the answer may be
tens of times too high. Judged from the labels of the first batches, when those have been trained
on. Nothing stays in the loop after that.
"""

from collections.abc import Sequence
from math import sqrt

import torch
from torch.utils.data import RandomSampler

from lrtui.analysis.answer import Obstacle
from lrtui.engine.types import Batch, Loader, Say, Target
from lrtui.events import Notice

BATCHES = 64  # that are judged
MOST_LABELS = 2**14  # of one batch
FEWEST = 32  # labels: fewer say nothing
FEWEST_OF_ONE = 64  # labels of one class: fewer may be chance
WINDOW = 16  # labels: smaller batches are judged together
PURER = 0.1  # of the way from mixed batches to batches of one class
SURE = 6.0  # standard errors


class LabelWatch:
    """Keeps the labels of the first batches, and judges their order.

    Args:
        say: called with a notice if they are in the order of their classes.
        shuffles: the loader draws in a random order.
    """

    def __init__(self, say: Say, *, shuffles: bool) -> None:
        self._say = say
        self._shuffles = shuffles
        self._labels: list[torch.Tensor] = []
        self._batches = 0
        self._last: Batch = None
        self._classifies = False
        self.is_done = False

    def add(self, batch: Batch, target: Target, *, classifies: bool) -> None:
        """Keep the target of a batch; `classifies` as of `Forward`."""
        if batch is self._last or self.is_done:
            return  # a closure computes the same batch again
        self._last = batch
        self._batches += 1
        self._classifies = classifies
        if isinstance(target, torch.Tensor) and target.numel() <= MOST_LABELS:
            self._labels.append(target)
        if self._batches == BATCHES:
            self.judge()

    def judge(self) -> None:
        """Judge the labels so far, once."""
        if self.is_done:
            return
        self.is_done = True
        batches = [_classes(target) for target in self._labels]
        self._labels, self._last = [], None
        known = [labels for labels in batches if labels is not None]
        if self._shuffles or len(known) < len(batches):
            return
        reason = _reason(known, classifies=self._classifies)
        if reason:
            self._report(reason)

    def _report(self, reason: str) -> None:
        advice = "Shuffle the training data (DataLoader(…, shuffle=True)), and test again."
        obstacle = Obstacle(verdict="class_order", reason=reason, advice=advice)
        self._say(Notice(text=f"{reason} {advice}", level="warning", obstacle=obstacle))


def shuffles(loader: Loader) -> bool:
    """Whether a DataLoader, or the one in a `DataLoaderIter`, draws in a random order."""
    inner = getattr(loader, "data_loader", loader)
    return isinstance(getattr(inner, "sampler", None), RandomSampler)


def _classes(target: torch.Tensor) -> torch.Tensor | None:
    """The class of each example, or None: numbers to predict, or labels of pixels and words."""
    target = target.detach().cpu()
    if target.dim() == 2 and target.shape[1] == 1:
        target = target.squeeze(1)
    elif target.dim() == 2 and _is_one_hot(target):
        target = target.argmax(1)
    if target.dim() != 1 or target.is_complex():
        return None
    if target.is_floating_point() and not bool(((target == 0) | (target == 1)).all()):
        return None
    return target.long()


def _is_one_hot(target: torch.Tensor) -> bool:
    return bool(((target == 0) | (target == 1)).all() and (target.sum(1) == 1).all())


def _reason(batches: Sequence[torch.Tensor], *, classifies: bool) -> str:
    """What is wrong with the order of the labels; "" if nothing is."""
    if not batches:
        return ""
    labels = torch.cat(list(batches))
    count = len(labels)
    if count < FEWEST:
        return ""
    first = int(labels[0])
    if bool((labels == first).all()):
        if not classifies or count < FEWEST_OF_ONE:
            return ""
        return (
            f"The data comes in class order: the first {count} labels are of one class, {first},"
            " so that the loss falls at any rate."
        )
    if not _is_ordered(labels, max(WINDOW, max(map(len, batches)))):
        return ""
    return (
        "The training data comes in class order: neighbours are of the same class, so that the"
        " loss falls and rises with the class, whatever the rate."
    )


def _is_ordered(labels: torch.Tensor, window: int) -> bool:
    """Whether labels in a window are alike more often than those of a random order.

    Two labels are alike with probability s = Σ p² in a random order, and w within windows.
    """
    _, classes = torch.unique(labels, return_inverse=True)
    shares = torch.bincount(classes) / len(classes)
    random = float(shares.square().sum())
    alike, pairs = 0.0, 0.0
    for part in classes.split(window):
        counts = torch.bincount(part).double()
        alike += float((counts * (counts - 1)).sum()) / 2
        pairs += len(part) * (len(part) - 1) / 2
    excess = alike / pairs - random
    error = sqrt(random * (1 - random) / pairs)
    return excess > max(PURER * (1 - random), SURE * error)
