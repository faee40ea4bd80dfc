"""From a spec's plan to the plan that the analysis takes: epochs become optimizer steps."""

from typing import NamedTuple

from lrtui.analysis.answer import Plan
from lrtui.analysis.plan import warmup_problem
from lrtui.spec import PlanSpec


class Planned(NamedTuple):
    """A plan in steps, and the part of the spec that it had to leave out; "" for none."""

    plan: Plan
    problem: str = ""


def planned(spec: PlanSpec, batches: int | None, accumulation_steps: int) -> Planned:
    """The plan of a run.

    Args:
        spec: as the user gave it.
        batches: in an epoch; None: unknown.
        accumulation_steps: batches per optimizer step.
    """
    steps = spec.steps
    if spec.epochs:
        if batches is None:
            plan = Plan(schedule=spec.schedule, warmup=spec.warmup)
            return Planned(
                plan, "plan.epochs has no effect: the data has no length; set plan.steps"
            )
        steps = spec.epochs * steps_of_epoch(batches, accumulation_steps)
    problem = warmup_problem(spec.warmup, steps)
    if problem:
        plan = Plan(schedule=spec.schedule, steps=steps)
        return Planned(plan, f"plan.warmup has no effect: it {problem}")
    return Planned(Plan(schedule=spec.schedule, steps=steps, warmup=spec.warmup))


def steps_of_epoch(batches: int, accumulation_steps: int) -> int:
    """Optimizer steps of one epoch; the last one may have fewer batches."""
    return -(-batches // accumulation_steps)
