"""A training step that all ranks take together."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from lrtui.engine.distributed.ranks import Ranks
from lrtui.engine.distributed.wrapped import Wrapped
from lrtui.engine.step import TrainStep, Update
from lrtui.engine.types import Batch, Scalar

Value = TypeVar("Value")


class RankStep(TrainStep):
    """The loss and the metric are the means over the ranks; gradients are averaged once a step.

    An error of one rank in its data, forward or loss ends the step on all ranks. An error in the
    forward of a sharded model may come while others wait in it: then they end with their group.
    """

    def __init__(self, ranks: Ranks, wrapped: Wrapped, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._ranks = ranks
        self._wrapped = wrapped

    def __call__(self) -> Update:
        """Train on the next batches of every rank.

        Raises:
            OutOfData: the data of a rank is exhausted.
            RankError: another rank has failed.
        """
        try:
            return super().__call__()
        except Exception as error:
            if not self._ranks.has_met(error):
                self._ranks.meet(error)
            raise

    def agreed(self, value: Value, is_certain: Callable[[Value], bool]) -> Value:
        """The value of the first rank that is certain, else that of rank 0."""
        values = self._ranks.gathered(value)
        return next(filter(is_certain, values), values[0])

    def _user_update(self) -> Update:
        update = super()._user_update()
        self._ranks.meet()
        loss, metric = self._ranks.mean(update.loss, update.metric)
        assert loss is not None
        return Update(loss, metric)

    def _backward(self, draw: Callable[[], Batch]) -> tuple[torch.Tensor, Scalar | None]:
        parts = []
        for left in reversed(range(self._accumulation_steps)):
            if left:
                with self._wrapped.unsynchronised():
                    parts.append(self._backward_together(draw, meets=self._wrapped.is_sharded))
            else:
                parts.append(self._backward_together(draw, meets=True))
        losses, metrics = zip(*parts, strict=True)
        measured = [metric for metric in metrics if metric is not None]
        metric = sum(measured) / len(measured) if measured else None
        loss, metric = self._ranks.mean(sum(losses), metric)
        assert loss is not None
        return loss, metric

    def _backward_together(
        self, draw: Callable[[], Batch], *, meets: bool
    ) -> tuple[torch.Tensor, Scalar | None]:
        """One batch, forward and backward; `meets`: the backward waits for the other ranks."""
        batch = draw()
        if self._wrapped.is_sharded:
            self._ranks.meet()
        output = self._forward_one(batch)
        if meets:
            self._ranks.meet()
        return self._backpropagated(batch, output)
