"""The curves that a range test has measured, and the answers to them."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from torch.optim import Optimizer

from lrtui.analysis.analyse import Analysis, analyse
from lrtui.analysis.answer import Schedule, Suggestion
from lrtui.analysis.plan import plan_of
from lrtui.engine.distributed.ranks import Ranks
from lrtui.engine.history import curves, empty, record
from lrtui.engine.optim import momentum_of
from lrtui.engine.plot import plot_history
from lrtui.engine.settings import Settings
from lrtui.events import Notice, Step, obstacle_among
from lrtui.notebook.card import curve_card, empty_card
from lrtui.notebook.progress import say


class Measured:
    """A range test's curves, how it ended, and what it suggests.

    Attributes:
        history: lists "lr" and "loss" (smoothed) as torch_lr_finder's, "raw_loss", and if they were
            measured "train_loss", "metric" and "group_lrs"; of the first repeat.
        histories: one of them per repeat.
        status: "" before a test, then running, completed, diverged, stopped, interrupted (Ctrl-C)
            or failed.
        reason: why it has that status, in words.
        notices: what there is to know about the last test: what it took a batch, the output and the
            loss for, or an optimizer that does not use the rate that is set. `verbose` prints them.
        ranks: the ranks that measure together; None: this process alone.
    """

    optimizer: Optimizer | Sequence[Optimizer]
    verbose: bool
    ranks: Ranks | None
    _settings: Settings
    _how_to_start: str  # for whoever looks at it before there is a curve

    def _clear_history(self) -> None:
        self.history = empty()
        self.histories = [self.history]
        self.status = ""
        self.reason = ""
        self.notices: list[Notice] = []

    @property
    def optimizers(self) -> list[Optimizer]:
        """All optimizers, as a list."""
        return list(self.optimizer) if isinstance(self.optimizer, Sequence) else [self.optimizer]

    @property
    def settings(self) -> Settings:
        """The settings of the last test; the defaults before there is one."""
        return self._settings

    @property
    def best_loss(self) -> float | None:
        """The lowest smoothed loss so far, over all repeats; None before there is one."""
        losses: list[float] = []
        for history in self.histories:
            losses.extend(history["loss"])
        return min(filter(isfinite, losses), default=None)

    def plot(
        self,
        skip_start: int = 10,
        skip_end: int = 5,
        log_lr: bool = True,
        show_lr: float | None = None,
        ax: Any = None,
        suggest_lr: bool = True,
    ) -> Any:
        """Plot loss over learning rate as torch_lr_finder does; needs `pip install 'lrtui[plot]'`.

        Args:
            skip_start: points left out at the start.
            skip_end: points left out at the end.
            log_lr: logarithmic learning-rate axis.
            show_lr: draw a vertical line here.
            ax: matplotlib axes to draw on; None: a new figure, which is shown.
            suggest_lr: mark torch_lr_finder's suggestion, the steepest point of the smoothed loss.

        Returns:
            The axes, or with `suggest_lr` the pair (axes, suggested learning rate).

        Raises:
            ValueError: a negative skip, or a `show_lr` that is not a float.
            RuntimeError: too few points left for a suggestion.
        """
        return plot_history(
            self.history,
            skip_start,
            skip_end,
            log_lr,
            show_lr,
            ax,
            suggest_lr,
            shows=self._is_first,
        )

    def analysis(
        self, schedule: Schedule = "constant", steps: int | None = None, warmup: int = 0
    ) -> Analysis:
        """The whole analysis of the last test's curves: suggestion, published rules, bounds.

        Args:
            schedule: as for `suggestion`.
            steps: likewise.
            warmup: likewise.

        Raises:
            ValueError: a plan that makes no sense.
        """
        plan = plan_of(schedule, steps, warmup)
        momentum = momentum_of(self.optimizer)
        measured = curves(self.histories, self._settings, momentum, self.reason)
        return analyse(measured, obstacle_among(self.notices), plan)

    def suggestion(
        self, schedule: Schedule = "constant", steps: int | None = None, warmup: int = 0
    ) -> Suggestion:
        """The learning rate that the last test suggests for a training, or why there is none.

        Args:
            schedule: of that training: "constant", or "one-cycle" or "cosine", whose peak the rate
                is.
            steps: optimizer steps of the whole training; None: not said.
            warmup: steps of a linear warm-up, part of `steps`.

        Raises:
            ValueError: a plan that makes no sense.
        """
        return self.analysis(schedule, steps, warmup).suggestion

    def bounds(self) -> tuple[float, float] | None:
        """base_lr and max_lr of a cyclical schedule (arXiv 1506.01186, section 3.3), or None."""
        bounds = self.analysis().bounds
        return None if bounds is None else (bounds.start_lr, bounds.end_lr)

    def _repr_html_(self) -> str:
        """How Jupyter shows it: the curve of the last test, and what it suggests."""
        if not self.history["lr"]:
            return empty_card(f"{type(self).__name__}: {self._how_to_start}")
        return curve_card(self.history, self.suggestion(), self.status, self.reason)

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        if self.verbose and self._is_first:
            say(notice.text)

    def _record(self, step: Step) -> None:
        """Add a step to the history of its repeat."""
        if step.repeat == len(self.histories):
            self.histories.append(empty())
        if not step.skipped:
            record(step, self.histories[step.repeat])

    @property
    def _is_first(self) -> bool:
        """Whether this is the process that prints and plots."""
        return self.ranks is None or self.ranks.is_first
