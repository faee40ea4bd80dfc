"""RunSpec: what to run, whole and as plain data. Forms and flags edit it, the worker builds live objects from it."""

import math
from typing import Any, Literal

import msgspec
import tomli_w

Mode = Literal["exp", "linear"]
Precision = Literal["fp32", "tf32", "bf16", "fp16", "apex-O1", "apex-O2"]
MetricMode = Literal["max", "min"]
Vary = Literal["data", "init"]


class SpecError(ValueError):
    """A spec that cannot be run. Its text is one clear line."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing that was picked: a target `where:what` and the keyword arguments that it is called with."""

    target: str
    args: dict[str, Any] = {}


class RangeSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The range test's own parameters, named as in torch_lr_finder.

    The ramp is slower than that library's hundred iterations: a rate shows some iterations late, ten times as many with
    momentum, and one run of 400 finds a good rate far more often than three of 100 (tests/bench/answers).
    """

    start_lr: float = 1e-7
    end_lr: float = 10.0
    num_iter: int = 400
    mode: Mode = "exp"
    smooth_f: float = 0.05
    diverge_th: float = 5.0
    accumulation_steps: int = 1
    iterations_per_lr: int = 1  # more than 1 makes the ramp a staircase
    warmup: int = 0  # iterations at start_lr before the ramp, not recorded
    val: bool = False  # the curve is the validation loss
    val_batches: int = 0  # 0: the whole validation set
    repeats: int = 1
    vary: Vary = "data"  # what differs between repeats: the data order, or the initialisation too
    max_seconds: float = 0.0  # 0: no limit
    clip_grad_norm: float = 0.0  # 0: gradients are not clipped
    metric_mode: MetricMode = "max"  # whether more of the metric is better


class LoaderSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a data set becomes batches. A data target that returns loaders of its own is not touched by it."""

    batch_size: int = 64
    workers: int = 0
    subset: int = 0  # 0: every training example
    val_fraction: float = 0.2  # split off where the data set has no validation part


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole run. The defaults are a run that works anywhere: a sample model on the built-in digits."""

    model: Choice = Choice("sample_models/cnn.py:SmallCNN")
    data: Choice = Choice("lrtui:digits")
    optimizer: Choice = Choice("torch.optim:AdamW")
    loss: Choice = Choice("auto")  # "none": the model returns its loss
    metric: Choice = Choice("none")
    step: Choice = Choice("none")  # a user's (model, batch) -> loss
    range: RangeSpec = RangeSpec()
    loader: LoaderSpec = LoaderSpec()
    precision: Precision = "fp32"
    device: str = "auto"
    seed: int = 0
    channels_last: bool = False
    cudnn_benchmark: bool = False
    compile: bool = False  # costs ten seconds at the start, pays off for long tests only


CHOICES = ("model", "data", "optimizer", "loss", "metric", "step")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a spec: the dotted field, and what to do, in words."""

    field: str
    message: str

    def __str__(self) -> str:
        """The line that a person reads."""
        return f"{self.field}: {self.message}"


def problems(spec: RunSpec) -> list[Problem]:
    """All that is wrong with a spec and can be known without running anything, in the order of its fields."""
    found: list[Problem] = []

    def need(condition: bool, field: str, message: str) -> None:
        if not condition:
            found.append(Problem(field, message))

    for name in ("model", "data", "optimizer"):
        target = getattr(spec, name).target
        need(_is_target(target), name, f"expected where:what, got '{target}'")
    for name in ("loss", "metric", "step"):
        target = getattr(spec, name).target
        need(
            _is_target(target) or target in ("auto", "none"),
            name,
            f"expected where:what or 'none', got '{target}'",
        )
    test = spec.range
    need(
        math.isfinite(test.start_lr),
        "range.start_lr",
        f"must be a finite number, got {test.start_lr}",
    )
    need(math.isfinite(test.end_lr), "range.end_lr", f"must be a finite number, got {test.end_lr}")
    if test.mode == "exp":
        need(
            test.start_lr > 0,
            "range.start_lr",
            f"must be above 0 in exp mode, got {test.start_lr:g}",
        )
    else:
        need(test.start_lr >= 0, "range.start_lr", f"must not be negative, got {test.start_lr:g}")
    need(
        test.end_lr > test.start_lr,
        "range.end_lr",
        f"must be above start_lr ({test.start_lr:g}), got {test.end_lr:g}",
    )
    need(test.num_iter >= 2, "range.num_iter", f"must be at least 2, got {test.num_iter}")
    need(
        test.num_iter <= 10**9,
        "range.num_iter",
        f"must be at most 1,000,000,000, got {test.num_iter}",
    )
    need(0 <= test.smooth_f < 1, "range.smooth_f", f"must be in [0, 1), got {test.smooth_f:g}")
    need(test.diverge_th > 1, "range.diverge_th", f"must be above 1, got {test.diverge_th:g}")
    for name in ("accumulation_steps", "iterations_per_lr", "repeats"):
        value = getattr(test, name)
        need(value >= 1, f"range.{name}", f"must be at least 1, got {value}")
    for name in ("warmup", "val_batches", "max_seconds", "clip_grad_norm"):
        value = getattr(test, name)
        need(value >= 0, f"range.{name}", f"must not be negative, got {value:g}")
    need(
        spec.loader.batch_size >= 1,
        "loader.batch_size",
        f"must be at least 1, got {spec.loader.batch_size}",
    )
    need(
        spec.loader.workers >= 0,
        "loader.workers",
        f"must not be negative, got {spec.loader.workers}",
    )
    need(
        spec.loader.subset >= 0, "loader.subset", f"must not be negative, got {spec.loader.subset}"
    )
    need(
        0 < spec.loader.val_fraction < 1,
        "loader.val_fraction",
        f"must be between 0 and 1, got {spec.loader.val_fraction:g}",
    )
    need(0 <= spec.seed < 2**63, "seed", f"must be in [0, 2**63), got {spec.seed}")
    return found


def _is_target(target: str) -> bool:
    where, _, what = target.rpartition(":")
    return bool(where.strip() and what.strip())


def checked(spec: RunSpec) -> RunSpec:
    """The same spec, or a SpecError that names the first thing wrong with it."""
    wrong = problems(spec)
    if wrong:
        raise SpecError(str(wrong[0]))
    return spec


def to_toml(spec: RunSpec) -> str:
    """The spec as TOML, whole, so that a saved file says what the defaults were."""
    return tomli_w.dumps(msgspec.to_builtins(spec))
