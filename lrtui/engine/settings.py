"""Settings of one range test, with torch_lr_finder's names and defaults, and what goes beyond it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, Literal, TypedDict

from lrtui.engine.ramp import Ramp, keep_ratios, one_each, start_lrs_of


class Beyond(TypedDict, total=False):
    """The settings that torch_lr_finder has not, as keyword arguments; `Settings` tells what they are."""

    keep_ratios: bool
    iterations_per_lr: int
    warmup: int
    clip_grad_norm: float | None
    val_batches: int
    max_seconds: float | None
    metric: Callable[[Any, Any], Any] | None
    metric_mode: Literal["max", "min"]
    batch_step: Callable[..., Any] | None
    repeats: int
    vary: Literal["data", "init"]


class Given(Beyond, total=False):
    """All settings as keyword arguments; `Settings` tells what they are, and has their defaults."""

    start_lr: float | Sequence[float] | None
    end_lr: float | Sequence[float]
    num_iter: int
    step_mode: str
    smooth_f: float
    diverge_th: float
    accumulation_steps: int
    non_blocking_transfer: bool


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a range test is run. The first ten are torch_lr_finder's.

    Args:
        start_lr: the lowest rate, one for all parameter groups or a list with one each; None: the optimizer's own.
        end_lr: the highest rate, one for all groups or a list with one each.
        num_iter: optimizer steps in all.
        step_mode: "exp" or "linear".
        smooth_f: weight of the newest loss in the exponential smoothing, in [0, 1); 0 switches it off.
        diverge_th: stop when the smoothed loss exceeds this many times the best.
        accumulation_steps: batches per optimizer step.
        non_blocking_transfer: move batches asynchronously.
        keep_ratios: `start_lr` and `end_lr` are group 0's, and the others keep their ratio to it; torch_lr_finder
            drives all groups to the same end.
        iterations_per_lr: more than 1 makes the ramp a staircase.
        warmup: optimizer steps at the lowest rate before the ramp; they are not recorded.
        clip_grad_norm: clip the gradients' total norm, as in the training that this is for.
        val_batches: validate on so many fixed batches; 0: the whole set.
        max_seconds: stop when this much time has passed, over all repeats; None: never.
        metric: `(output, target) → number`, beside the loss: on the validation set where there is one, else on the
            batch.
        metric_mode: whether more of it is better ("max") or less ("min").
        batch_step: `(model, batch) → loss` or `(loss, {name: value})`; nothing is assumed about batches then. One that
            requires a third argument gets the list of optimizers and does the update itself.
        repeats: how many curves, each from the same start.
        vary: what differs between repeats: the order of the "data", or the initialisation ("init") on the same batches.
            Weights are drawn anew by the model's own `_init_weights`, or as torch does by default (`reset_parameters`);
            what a constructor does beyond that is not done again.
    """

    start_lr: float | Sequence[float] | None = None
    end_lr: float | Sequence[float] = 10
    num_iter: int = 100
    step_mode: str = "exp"
    smooth_f: float = 0.05
    diverge_th: float = 5
    accumulation_steps: int = 1
    non_blocking_transfer: bool = True
    keep_ratios: bool = False
    iterations_per_lr: int = 1
    warmup: int = 0
    clip_grad_norm: float | None = None
    val_batches: int = 0
    max_seconds: float | None = None
    metric: Callable[[Any, Any], Any] | None = None
    metric_mode: Literal["max", "min"] = "max"
    batch_step: Callable[..., Any] | None = None
    repeats: int = 1
    vary: Literal["data", "init"] = "data"

    def __post_init__(self) -> None:
        """Check what no other part does; raises ValueError."""
        for name in (
            "num_iter",
            "iterations_per_lr",
            "accumulation_steps",
            "repeats",
            "warmup",
            "val_batches",
        ):
            self._check(name, isinstance(getattr(self, name), Integral), "an integer")
        for name in ("smooth_f", "diverge_th"):
            self._check(name, isinstance(getattr(self, name), Real), "a number")
        for name in ("max_seconds", "clip_grad_norm"):
            value = getattr(self, name)
            self._check(
                name,
                value is None or (isinstance(value, Real) and float(value) >= 0),
                "a number from 0 on, or None",
            )
        for name in ("metric", "batch_step"):
            value = getattr(self, name)
            self._check(name, value is None or callable(value), "a function, or None")
        self._check("step_mode", isinstance(self.step_mode, str), "exp or linear")
        for name in ("accumulation_steps", "repeats"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1")
        for name in ("warmup", "val_batches"):
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` cannot be negative")
        if not 0 <= self.smooth_f < 1:
            raise ValueError("smooth_f is outside the range [0, 1[")
        if self.vary not in ("data", "init"):
            raise ValueError(f"expected one of (data, init), got {self.vary}")
        if self.metric_mode not in ("max", "min"):
            raise ValueError(f"expected one of (max, min), got {self.metric_mode}")

    def _check(self, name: str, fits: bool, what: str) -> None:
        if not fits:
            raise ValueError(f"`{name}` must be {what}, got {getattr(self, name)!r}")


def settings_of(given: Given) -> Settings:
    """The settings, with a word to whoever misspells one.

    Raises:
        TypeError: there is no setting of that name.
        ValueError: a setting that makes no sense.
    """
    known = [one.name for one in fields(Settings)]
    for name in given:
        if name not in known:
            alike = get_close_matches(name, known, n=1)
            hint = f"did you mean `{alike[0]}`?" if alike else f"it has {', '.join(known)}"
            raise TypeError(f"a range test has no setting `{name}`: {hint}")
    return Settings(**given)


def ramp_of(settings: Settings, group_lrs: Sequence[float | None]) -> Ramp:
    """The ramp over parameter groups that have these rates of their own.

    Raises:
        ValueError: rates that make no ramp, or not as many as there are groups.
    """
    if settings.keep_ratios:
        if isinstance(settings.start_lr, Sequence) or isinstance(settings.end_lr, Sequence):
            raise ValueError(
                "with keep_ratios, start_lr and end_lr are single numbers: those of group 0"
            )
        start = start_lrs_of(settings.start_lr, group_lrs[:1])[0]
        starts, ends = keep_ratios(start, group_lrs), keep_ratios(settings.end_lr, group_lrs)
    else:
        starts = start_lrs_of(settings.start_lr, group_lrs)
        ends = one_each(settings.end_lr, len(group_lrs))
    mode = settings.step_mode.lower()
    mode = mode if mode in ("exp", "linear") else settings.step_mode
    return Ramp(starts, ends, settings.num_iter, mode, settings.iterations_per_lr)  # type: ignore[arg-type]
