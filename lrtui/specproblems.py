"""What is wrong with a spec: targets, limits, and settings that change nothing in this run.

Only what is known without running anything. A saved spec holds every setting, so one that has no
effect is refused only where its value is not the default.
"""

import math
from collections.abc import Iterator

import msgspec

from lrtui.analysis.plan import warmup_problem
from lrtui.settings import declarations
from lrtui.spec import (
    CHOICES,
    REQUIRED_CHOICES,
    DevicesSpec,
    PlanSpec,
    Problem,
    RangeSpec,
    RunSpec,
    SpecError,
)

_NOTHING_TAKES_ARGUMENTS = {
    ("loss", "none"): "the model returns its loss",
    ("metric", "none"): "no metric is measured",
    ("metric", "auto"): "auto measures the accuracy, which takes no arguments; pick lrtui:top-k",
    ("step", "none"): "there is no step",
}


def problems(spec: RunSpec) -> list[Problem]:
    """Everything wrong with a spec that can be known without running anything."""
    return [
        *_unkept_problems(msgspec.to_builtins(spec)),
        *_target_problems(spec),
        *_ramp_problems(spec.range),
        *_batch_problems(spec),
        *_plan_problems(spec.plan),
        *_devices_problems(spec),
        *_setting_problems(spec.range, "range."),
        *_setting_problems(spec.loader, "loader."),
        *_setting_problems(spec.plan, "plan."),
        *_setting_problems(spec.devices, "devices."),
        *_setting_problems(spec),
        *_problems_without_effect(spec),
    ]


def checked(spec: RunSpec) -> RunSpec:
    """The same spec; SpecError with the first problem where it has one."""
    for problem in problems(spec):
        raise SpecError(problem.message, problem.field)
    return spec


def _unkept_problems(value: object, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """What can be sent to no worker and kept in no record: text that is not UTF-8, huge numbers."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _unkept_problems(name, (*path, name))
            yield from _unkept_problems(inner, (*path, name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _unkept_problems(inner, path)
    elif isinstance(value, int) and value.bit_length() > 63:
        yield Problem(".".join(path), "a whole number of more than 64 bits is too large")
    elif isinstance(value, str) and not is_utf8(value):
        field = ".".join(path[:1] if path[1:] == ("target",) else path)
        shown = value.encode("utf-8", "backslashreplace").decode()
        yield Problem(field, f"'{shown}' is not UTF-8: rename it")


def is_utf8(text: str) -> bool:
    """Whether a text can be encoded: one with lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _target_problems(spec: RunSpec) -> Iterator[Problem]:
    for role in CHOICES:
        target = getattr(spec, role).target
        if _is_target(target):
            continue
        if role in REQUIRED_CHOICES:
            yield Problem(role, f"expected where:what, got '{target}'")
        elif target not in ("auto", "none"):
            yield Problem(role, f"expected where:what or 'none', got '{target}'")


def _is_target(text: str) -> bool:
    where, _, what = text.rpartition(":")
    return bool(where.strip() and what.strip())


def _ramp_problems(test: RangeSpec) -> Iterator[Problem]:
    """What is wrong with the two ends of the ramp together."""
    if not (math.isfinite(test.start_lr) and math.isfinite(test.end_lr)):
        return  # their own limits say so
    if test.mode == "exp" and test.start_lr <= 0:
        yield Problem("range.start_lr", f"must be above 0 in exp mode, got {test.start_lr:g}")
    if test.mode != "exp" and test.start_lr < 0:
        yield Problem("range.start_lr", f"must not be negative, got {test.start_lr:g}")
    if test.end_lr <= test.start_lr:
        message = f"must be above start_lr ({test.start_lr:g}), got {test.end_lr:g}"
        yield Problem("range.end_lr", message)


def _batch_problems(spec: RunSpec) -> Iterator[Problem]:
    if spec.batch and spec.step.target != "none":
        yield Problem("batch", "a step gets the batch whole: it has no effect beside one")


def _plan_problems(plan: PlanSpec) -> Iterator[Problem]:
    if plan.steps and plan.epochs:
        yield Problem("plan.epochs", f"steps ({plan.steps:,}) are given too: give one of them")
    problem = warmup_problem(plan.warmup, plan.steps)
    if problem:
        yield Problem("plan.warmup", problem)


def _devices_problems(spec: RunSpec) -> Iterator[Problem]:
    """What several processes cannot do, as far as the spec alone says."""
    devices, default = spec.devices, DevicesSpec()
    if not devices.nproc:
        for name in DevicesSpec.__struct_fields__:
            if getattr(devices, name) != getattr(default, name):
                yield _no_effect(f"devices.{name}", "it needs devices.nproc, such as --nproc 2")
        return
    yield from _endpoint_problems(devices)
    size = devices.nproc * devices.nnodes
    if spec.loader.batch_size % size or not spec.loader.batch_size:
        yield Problem("loader.batch_size", not_divisible(spec.loader.batch_size, size))
    if spec.precision.startswith("apex"):
        yield Problem("precision", "apex works in one process only; use bf16 with devices.nproc")
    if spec.device not in ("auto", "cpu", "cuda"):
        message = f"each process takes a device of its own: auto, cpu or cuda, not {spec.device}"
        yield Problem("device", message)
    if devices.shard and spec.range.vary == "init" and spec.range.repeats > 1:
        yield Problem("range.vary", "a sharded model's weights cannot be drawn again; use data")


def not_divisible(batch_size: int, size: int) -> str:
    """What is wrong with a batch size that `size` processes cannot divide among them."""
    if not batch_size:
        return "0 gives no batch that can be divided among the processes (devices.nproc)"
    lower, upper = batch_size // size * size, (batch_size // size + 1) * size
    use = f"{lower} or {upper}" if lower else str(upper)
    return f"{batch_size} examples cannot be divided among {size} processes: use {use}"


def _endpoint_problems(devices: DevicesSpec) -> Iterator[Problem]:
    host, _, port = devices.rdzv_endpoint.rpartition(":")
    if devices.rdzv_endpoint and not (host and port.isdecimal() and 0 < int(port) < 2**16):
        message = f"expected HOST:PORT, got '{devices.rdzv_endpoint}'"
        yield Problem("devices.rdzv_endpoint", message)
    if devices.nnodes > 1 and not devices.rdzv_endpoint:
        message = f"{devices.nnodes} machines need the HOST:PORT of the first one"
        yield Problem("devices.rdzv_endpoint", message)
    if devices.node_rank >= devices.nnodes:
        message = f"must be below devices.nnodes ({devices.nnodes}), got {devices.node_rank}"
        yield Problem("devices.node_rank", message)


def _setting_problems(section: msgspec.Struct, prefix: str = "") -> Iterator[Problem]:
    for declaration in declarations(type(section)).values():
        message = declaration.problem(getattr(section, declaration.name))
        if message:
            yield Problem(f"{prefix}{declaration.name}", message)


def _problems_without_effect(spec: RunSpec) -> Iterator[Problem]:
    yield from _arguments_without_effect(spec)
    yield from _range_without_effect(spec)


def _arguments_without_effect(spec: RunSpec) -> Iterator[Problem]:
    for role in CHOICES:
        choice = getattr(spec, role)
        why = _NOTHING_TAKES_ARGUMENTS.get((role, choice.target))
        if why is None and role == "loss" and choice.target == "auto" and _has_step(spec):
            why = "the step returns the loss"
        if why is None:
            continue
        for name in choice.args:
            yield _no_effect(f"{role}.{name}", why)


def _range_without_effect(spec: RunSpec) -> Iterator[Problem]:
    test, default = spec.range, RangeSpec()
    if test.metric_mode != default.metric_mode and not _has_metric(spec):
        yield _no_effect("range.metric_mode", "no metric is measured; pick a metric")
    if test.val_batches != default.val_batches and not test.val:
        message = "there is no validation loss; set range.val=true"
        yield _no_effect("range.val_batches", message)
    if test.vary != default.vary and test.repeats == 1:
        yield _no_effect("range.vary", "there is one curve only; set range.repeats to 2 or more")


def _has_step(spec: RunSpec) -> bool:
    return spec.step.target not in ("auto", "none")


def _has_metric(spec: RunSpec) -> bool:
    return spec.metric.target != "none" or _has_step(spec)


def _no_effect(field: str, why: str) -> Problem:
    return Problem(field, f"has no effect: {why}")
