"""The validation loss over the parts of the validation set that the ranks have."""

from typing import Any

from lrtui.engine.distributed.ranks import Ranks
from lrtui.engine.validation import Validation


class RankValidation(Validation):
    """The mean over the examples of all ranks."""

    def __init__(self, ranks: Ranks, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._ranks = ranks

    def __call__(self) -> tuple[float, float | None]:
        """Evaluate on every rank: (mean loss, mean metric or None).

        Raises:
            ValueError: the validation loader yields nothing.
            RankError: another rank has failed.
        """
        try:
            return super().__call__()
        except Exception as error:
            if not self._ranks.has_met(error):
                self._ranks.meet(error)
            raise

    def _over_all(self, loss: float, metric: float | None, size: int) -> tuple[float, float | None]:
        self._ranks.meet()
        measured = 0.0 if metric is None else metric
        losses, metrics, count = self._ranks.sums(loss * size, measured * size, size)
        return losses / count, None if metric is None else metrics / count
