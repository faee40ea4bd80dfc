"""Settings of one range test: torch_lr_finder's names and defaults, and what goes beyond them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Annotated, Any, TypedDict, cast

from lrtui import settings as shared
from lrtui.engine.ramp import Mode, Ramp, keep_ratios, one_each, start_lrs_of
from lrtui.engine.reading.overruled import entries_problem
from lrtui.engine.types import BatchStep, Metric
from lrtui.settings import declarations, setting

ALMOST = 1e-6  # of a gap between two rates: an end this near to a rate is that rate

StartLr = Annotated[
    float | Sequence[float] | None,
    setting("lowest rate, for all parameter groups or a list; None: the optimizer's own"),
]
EndLr = Annotated[
    float | Sequence[float], setting("highest rate, for all parameter groups or a list")
]
StepMode = Annotated[str, setting("how the learning rate rises: exp or linear")]
DivergeTh = Annotated[  # torch_lr_finder takes any number
    float, setting("stop when the smoothed loss exceeds this multiple of the best")
]
NonBlocking = Annotated[bool, setting("move batches to the device asynchronously")]
KeepRatios = Annotated[
    bool,
    setting(
        "start_lr and end_lr are those of group 0, and the other groups keep their ratio to it; "
        "torch_lr_finder raises all groups to the same end"
    ),
]
MetricSetting = Annotated[
    Metric,
    setting(
        "(output, target) → number, measured beside the loss: on the validation set where there "
        "is one, else on the training batch"
    ),
]
BatchStepSetting = Annotated[
    BatchStep,
    setting(
        "(model, batch) → loss or (loss, {name: value}), for batches of any kind; with a third "
        "required argument it gets the list of optimizers and does the update itself"
    ),
]


class Beyond(TypedDict, total=False):
    """The settings that torch_lr_finder does not have, as keyword arguments of `Settings`."""

    keep_ratios: KeepRatios
    iterations_per_lr: shared.IterationsPerLr
    warmup: shared.Warmup
    clip_grad_norm: shared.ClipGradNorm | None
    create_graph: shared.CreateGraph
    val_batches: shared.ValBatches
    max_seconds: shared.MaxSeconds | None
    metric: MetricSetting | None
    metric_mode: shared.MetricMode
    batch_step: BatchStepSetting | None
    batch: shared.BatchItems
    repeats: shared.Repeats
    vary: shared.Vary


class Given(Beyond, total=False):
    """All settings, as keyword arguments of `Settings`."""

    start_lr: StartLr
    end_lr: EndLr
    num_iter: shared.NumIter
    step_mode: StepMode
    smooth_f: shared.SmoothF
    diverge_th: DivergeTh
    accumulation_steps: shared.AccumulationSteps
    non_blocking_transfer: NonBlocking


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a range test is run. The type of each setting says what it is.

    The first eight are torch_lr_finder's. With `vary="init"` all repeats see the same batches, and
    the weights are drawn anew by the model's own `_init_weights`, or as torch does by default
    (`reset_parameters`). What a constructor does beyond that is not done again.

    Raises:
        ValueError: a value of another type, or outside its limits.
    """

    start_lr: StartLr = None
    end_lr: EndLr = 10
    num_iter: shared.NumIter = 100
    step_mode: StepMode = "exp"
    smooth_f: shared.SmoothF = 0.05
    diverge_th: DivergeTh = 5
    accumulation_steps: shared.AccumulationSteps = 1
    non_blocking_transfer: NonBlocking = True
    keep_ratios: KeepRatios = False
    iterations_per_lr: shared.IterationsPerLr = 1
    warmup: shared.Warmup = 0
    clip_grad_norm: shared.ClipGradNorm | None = None  # None: no clipping
    create_graph: shared.CreateGraph = False
    val_batches: shared.ValBatches = 0
    max_seconds: shared.MaxSeconds | None = None  # None: no limit
    metric: MetricSetting | None = None
    metric_mode: shared.MetricMode = "max"
    batch_step: BatchStepSetting | None = None
    batch: shared.BatchItems = ""
    repeats: shared.Repeats = 1
    vary: shared.Vary = "data"

    def __post_init__(self) -> None:
        """Check every value against its declaration; the ramp's ends are checked by `Ramp`."""
        for declaration in declarations(Settings).values():
            value = getattr(self, declaration.name)
            message = declaration.problem(value)
            if message:
                raise ValueError(_error_text(declaration.name, value, message))
        for name in ("metric", "batch_step"):
            value = getattr(self, name)
            if not (value is None or callable(value)):
                raise ValueError(f"`{name}` must be a function, or None, got {value!r}")
        if self.batch and self.batch_step is not None:
            raise ValueError("`batch` has no effect beside a `batch_step`, which gets it whole")
        if self.batch and entries_problem(self.batch):
            raise ValueError(f"`batch` {entries_problem(self.batch)}, got {self.batch!r}")


def settings_of(given: Given) -> Settings:
    """The settings that keyword arguments make.

    Raises:
        TypeError: there is no setting of that name; the text names the nearest one.
        ValueError: a value that cannot be used.
    """
    known = list(declarations(Settings))
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known)}"
            raise TypeError(f"a range test has no setting `{name}`: {hint}")
    return Settings(**given)


def check_effects(settings: Settings, *, validates: bool, updates_itself: bool) -> None:
    """Refuse settings that change nothing in this test.

    Args:
        settings: those of the test.
        validates: there is a validation loader.
        updates_itself: the `batch_step` takes the optimizers and does the update.

    Raises:
        ValueError: a setting without an effect, and what it needs.
    """
    default = Settings()
    has_step = settings.batch_step is not None
    if settings.metric is not None and has_step:
        raise _no_effect("metric", "a `batch_step` returns its metrics: (loss, {name: value})")
    has_metric = settings.metric is not None or has_step
    if settings.metric_mode != default.metric_mode and not has_metric:
        raise _no_effect("metric_mode", "no metric is measured; give `metric`")
    if settings.val_batches != default.val_batches and not validates:
        raise _no_effect("val_batches", "there is no validation loss; give `val_loader`")
    if settings.vary != default.vary and settings.repeats == 1:
        raise _no_effect("vary", "there is one curve only; give `repeats` of 2 or more")
    if settings.clip_grad_norm is not None and updates_itself:
        raise _no_effect("clip_grad_norm", "the step updates the model itself; clip in the step")


def ramp_of(settings: Settings, group_lrs: Sequence[float | None]) -> Ramp:
    """The ramp over parameter groups whose own rates are `group_lrs`.

    Raises:
        ValueError: rates that make no ramp, or not as many as there are groups.
    """
    if settings.keep_ratios:
        starts, ends = _ends_in_ratio(settings, group_lrs)
    else:
        starts = start_lrs_of(settings.start_lr, group_lrs)
        ends = one_each(settings.end_lr, len(group_lrs))
    mode = settings.step_mode
    if mode.lower() in ("exp", "linear"):  # torch_lr_finder ignores case
        mode = mode.lower()
    return Ramp(starts, ends, settings.num_iter, cast(Mode, mode), settings.iterations_per_lr)


def extended(settings: Settings, ramp: Ramp, end_lr: float) -> Settings:
    """The settings of the same ramp up to a higher end, at the same distance from rate to rate.

    The end is the first rate at or above `end_lr`.

    Raises:
        ValueError: a ramp that cannot be extended to there, and why.
    """
    if settings.repeats > 1:
        raise ValueError("a test with repeats cannot go on: the state of the others is gone")
    start, end = ramp.start_lrs[0], ramp.end_lrs[0]
    if not math.isfinite(end_lr) or not end_lr > end > start:
        raise ValueError(f"end_lr must be above the {end:g} of now, got {end_lr:g}")
    same_ends = len(set(zip(ramp.start_lrs, ramp.end_lrs, strict=True))) == 1
    if not (same_ends or settings.keep_ratios):
        raise ValueError("the rates of the parameter groups rise at different speeds")
    gaps = ramp.distinct_lrs - 1
    if ramp.mode == "exp":
        gap = math.log(end / start) / gaps
        wanted = math.ceil(math.log(end_lr / start) / gap - ALMOST)
        reached = start * (end / start) ** (wanted / gaps)
    else:
        wanted = math.ceil((end_lr - start) / (end - start) * gaps - ALMOST)
        reached = start + wanted / gaps * (end - start)
    num_iter = (wanted + 1) * ramp.iterations_per_lr
    return replace(settings, end_lr=reached, num_iter=num_iter)


def _ends_in_ratio(
    settings: Settings, group_lrs: Sequence[float | None]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if isinstance(settings.start_lr, Sequence) or isinstance(settings.end_lr, Sequence):
        raise ValueError(
            "with keep_ratios, start_lr and end_lr are single numbers: those of group 0"
        )
    start = start_lrs_of(settings.start_lr, group_lrs[:1])[0]
    return keep_ratios(start, group_lrs), keep_ratios(settings.end_lr, group_lrs)


def _no_effect(name: str, why: str) -> ValueError:
    return ValueError(f"`{name}` has no effect: {why}")


def _error_text(name: str, value: Any, message: str) -> str:
    """Where torch_lr_finder has a text for an error it stays as it is: scripts may match it."""
    if name == "smooth_f" and message.startswith("must be in"):
        return "smooth_f is outside the range [0, 1["
    if name == "num_iter" and message.startswith("must be at least"):
        return "`num_iter` must be larger than 1"
    if message.startswith("expected one of"):
        return message
    return f"`{name}` {message}"
