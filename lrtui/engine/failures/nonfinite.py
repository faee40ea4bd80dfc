"""A loss that is not finite: whether its batch is, and where in the batch it is not."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch

from lrtui.analysis.answer import Obstacle
from lrtui.engine.data.batch_size import is_sequence
from lrtui.engine.reading.signature import TARGET_KEYS
from lrtui.engine.step import TrainStep
from lrtui.engine.types import Batch

CALM = 0.25  # of the first loss: a loss that stays within it has not reacted to the rate
CALM_POINTS = 3  # so many finite losses show it, except where the very first loss is not finite
_DEEPEST = 4  # containers in a batch


class Explanation(NamedTuple):
    """Why a loss is not finite.

    Attributes:
        text: to be added to the outcome of the test; "" where the rate is likely to blame.
        obstacle: the answer instead of a rate.
        is_certain: a batch is to blame; else the obstacle counts only where the curve up to there
            gives no rate either.
    """

    text: str = ""
    obstacle: Obstacle | None = None
    is_certain: bool = False


class Losses:
    """The first and the last finite loss of a test, and how many there were."""

    def __init__(self) -> None:
        self.first = self.last = math.nan
        self.count = 0

    def add(self, loss: float) -> None:
        """Add the next one."""
        if not self.count:
            self.first = loss
        self.last = loss
        self.count += 1

    @property
    def are_calm(self) -> bool:
        """Whether they have not changed, so that no rate can be blamed for what comes next."""
        if self.count == 0:
            return True
        return self.count >= CALM_POINTS and abs(self.last - self.first) <= CALM * abs(self.first)


def explain(train: TrainStep, call: int, iteration: int, losses: Losses) -> Explanation:
    """Look at the batches of a training step whose loss is not finite, on every rank.

    Args:
        train: the training step, which keeps its last batches.
        call: which call of it, from 0, warm-up included.
        iteration: the same without the warm-up, as messages name it.
        losses: those before.
    """
    return train.agreed(_explained(train, call, iteration, losses), _is_certain)


def _is_certain(explanation: Explanation) -> bool:
    return explanation.is_certain


def _explained(train: TrainStep, call: int, iteration: int, losses: Losses) -> Explanation:
    first = call * train.batches_per_step
    oldest_kept = train.drawn - len(train.recent)
    for number in range(first, first + train.batches_per_step):
        if not 0 <= number - oldest_kept < len(train.recent):
            continue
        place = _nonfinite_place(train.recent[number - oldest_kept])
        if place is not None:
            return _bad_batch(number + 1, iteration, place)
    if not losses.are_calm:
        return Explanation()
    batch = f"batch {first + 1} (iteration {iteration})"
    reason = f"{batch} is finite, but the model's output or the loss of it is not"
    advice = (
        "Look for a division, a log or a sqrt of 0 or below in the forward and the loss, or "
        "compute in fp32. The loss had not reacted to any rate before."
    )
    return Explanation(reason, Obstacle(verdict="bad_batch", reason=f"{reason}.", advice=advice))


def _bad_batch(number: int, iteration: int, place: "Place") -> Explanation:
    reason = f"batch {number} (iteration {iteration}): {place}"
    advice = (
        f"Look at that example{_row_in(place)}: no learning rate is to blame. Leave it out, or "
        "mend what makes it."
    )
    obstacle = Obstacle(verdict="bad_batch", reason=f"B{reason[1:]}.", advice=advice)
    return Explanation(reason, obstacle, is_certain=True)


class Place(NamedTuple):
    """Where in a batch a number is not finite."""

    name: str  # of the item: "input", "target", "item 2" or a key
    kind: str  # nan or inf
    row: int | None  # None for a number without rows

    def __str__(self) -> str:
        where = "" if self.row is None else f" in row {self.row}"
        return f"the {self.name} has {self.kind}{where}"


def _row_in(place: Place) -> str:
    return "" if place.row is None else f", row {place.row} of the batch"


def _nonfinite_place(batch: Batch) -> Place | None:
    """The first number of a batch that is not finite."""
    for name, tensor in _named_tensors(batch, "input"):
        if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.is_sparse:
            continue
        finite = torch.isfinite(tensor)
        if bool(finite.all()):
            continue
        value = tensor[~finite].flatten()[0]
        kind = "nan" if bool(torch.isnan(value)) else "inf"
        row = None
        if tensor.dim():
            row = int((~finite.reshape(len(tensor), -1)).any(1).nonzero()[0])
        return Place(name, kind, row)
    return None


def _named_tensors(data: object, name: str, depth: int = 0) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a batch, and what each is: input, target, or a key."""
    if isinstance(data, torch.Tensor):
        yield name, data
        return
    if depth == _DEEPEST:
        return
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _named_tensors(value, _named(str(key)), depth + 1)
    elif is_sequence(data):
        for index, item in enumerate(data):
            yield from _named_tensors(item, _role(index, len(data), name, depth), depth + 1)
    elif hasattr(data, "__dict__"):
        for key, value in vars(data).items():
            yield from _named_tensors(value, _named(key), depth + 1)


def _named(key: str) -> str:
    role = "target" if key in TARGET_KEYS else "input"
    return f"{role} {key}"


def _role(index: int, count: int, name: str, depth: int) -> str:
    """The first item of a batch is an input, the last one of several a target."""
    if depth:
        return name
    if index == 0:
        return "input"
    return "target" if index == count - 1 else f"item {index}"
