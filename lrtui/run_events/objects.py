"""What a run works on: live objects, and the same run as plain data."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from lrtui.analysis.analyse import Analysis
from lrtui.engine.data.batches import loader_length
from lrtui.engine.settings import Given
from lrtui.events import (
    Step,
)
from lrtui.finder import LRFinder
from lrtui.planned import Planned, planned
from lrtui.spec import RunSpec

Loader = Iterable[object]


@dataclass(frozen=True, kw_only=True)
class LiveObjects:
    """What a run works on, and how it is tested.

    Args:
        finder: holds the model, the optimizers and the criterion.
        train_loader: None where nothing can be trained, because only `past` is shown.
        val_loader: with it the curve is the validation loss.
        trial_val_loader: with it trials are judged by the validation loss.
        settings: of the range test, as `LRFinder.steps` takes them.
        spec: the same run as plain data.
        batch: the structure of a batch, in words.
        loss: the criterion's name.
        notices: what was said of the run before it began.
        past: the steps of a test that the finder has measured before. Where there are some, they
            are the run, and no new test is measured.
    """

    finder: LRFinder
    train_loader: Loader | None
    val_loader: Loader | None
    trial_val_loader: Loader | None
    settings: Given
    spec: RunSpec
    batch: str
    loss: str
    notices: tuple[str, ...] = ()
    past: tuple[Step, ...] = ()

    @property
    def total_steps(self) -> int:
        """Steps of the run over all repeats."""
        test = self.spec.range
        return len(self.past) or test.num_iter * test.repeats

    @cached_property
    def planned(self) -> Planned:
        """The plan in optimizer steps, and what could not be used of it."""
        spec, batches = self.spec, None
        if spec.plan.epochs:
            loader = getattr(self.train_loader, "data_loader", self.train_loader)
            batches = loader_length(loader)
        return planned(spec.plan, batches, spec.range.accumulation_steps)

    @property
    def samples_per_step(self) -> int:
        """Examples of one optimizer step, as far as the loader says; 0: it does not."""
        loader = getattr(self.train_loader, "data_loader", self.train_loader)
        sampler = getattr(loader, "batch_sampler", None)
        size = getattr(loader, "batch_size", None) or getattr(sampler, "batch_size", None)
        if not isinstance(size, int):
            return 0
        if self.finder.ranks is not None:
            size *= self.finder.ranks.size
        return size * self.spec.range.accumulation_steps

    def analysis(self) -> Analysis:
        """The answer for the plan."""
        plan = self.planned.plan
        return self.finder.analysis(plan.schedule, plan.steps, plan.warmup)

    @property
    def judged_by(self) -> str:
        """The loss that trials are judged by."""
        return "training loss" if self.trial_val_loader is None else "validation loss"
