"""The planned training that an answer is for: its checks, and how far the calibration reaches."""

from typing import get_args

from lrtui.analysis.answer import Plan, Schedule

SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
LEAST = 250  # iterations; shorter tests give other answers than longer ones
CALIBRATED_STEPS = 300  # steps of the trainings that intervals are calibrated on
FAR = 30  # times that many steps: beyond it a test alone gives an interval, and no single rate


def plan_of(schedule: Schedule = "constant", steps: int | None = None, warmup: int = 0) -> Plan:
    """The plan that these arguments make.

    Args:
        schedule: "constant", "one-cycle" or "cosine".
        steps: optimizer steps of the whole training; None or 0: not said.
        warmup: steps of a linear warm-up, part of `steps`.

    Raises:
        ValueError: no such schedule, a negative number, or no steps left after the warm-up.
    """
    steps = steps or 0
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule must be one of ({', '.join(SCHEDULES)}), got {schedule!r}")
    if steps < 0:
        raise ValueError(f"steps must not be negative, got {steps}")
    if warmup < 0:
        raise ValueError(f"warmup must not be negative, got {warmup}")
    problem = warmup_problem(warmup, steps)
    if problem:
        raise ValueError(f"warmup {problem}")
    return Plan(schedule=schedule, steps=steps, warmup=warmup)


def warmup_problem(warmup: int, steps: int) -> str:
    """What is wrong with a warm-up in a training of `steps` (0: not said); "" for a usable one."""
    if warmup and steps and warmup >= steps:
        return f"must be below steps ({steps:,}), got {warmup:,}"
    return ""


def is_far(steps: int | None, tried: int = CALIBRATED_STEPS) -> bool:
    """Whether a training is too long for a rate found at `tried` steps; never for one not said."""
    return steps is not None and steps > FAR * tried
