"""The lines of Python that set up an optimizer and its schedule."""

from collections.abc import Mapping, Sequence

import msgspec

from lrtui.analysis.answer import ANY_PLAN, Bounds, Plan, Schedule

_OFTEN_USED: tuple[Schedule, ...] = ("constant", "one-cycle")
Rates = Mapping[Schedule, float | None]
_NAMES: dict[Schedule, str] = {
    "constant": "constant",
    "one-cycle": "OneCycleLR",
    "cosine": "CosineAnnealingLR",
}


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What lines of code are written for.

    Attributes:
        optimizer: a class of torch.optim, such as "AdamW", or a dotted name.
        arguments: its other arguments, such as {"momentum": 0.9}.
        plan: the training; steps 0: the script's own `total_steps`.
        momentum: the optimizer's (beta1 of the Adam family), which OneCycleLR cycles; None if
            unknown: then its name and arguments decide.
        grouped: its parameter groups have different rates, whose ratios must stay.
        own: the user's own factory, which is not called: which arguments it takes, and how many
            optimizers it makes, is not known.
        remark: a comment behind the line that makes the optimizer.
    """

    optimizer: str
    arguments: Mapping[str, object] = {}
    plan: Plan = ANY_PLAN
    momentum: float | None = None
    grouped: bool = False
    own: bool = False
    remark: str = ""

    @property
    def total_steps(self) -> str:
        """Steps of the training: a number, or a name in the user's script."""
        return str(self.plan.steps or "total_steps")

    @property
    def cycle_momentum(self) -> bool:
        """Whether the optimizer has a momentum that OneCycleLR can cycle."""
        if self.momentum is not None:
            return self.momentum > 0
        return has_momentum(self.optimizer, self.arguments)


def lines_of(code: Code, rates: Rates, bounds: Bounds | None) -> dict[str, str]:
    """Lines for the plan's schedule, then for the others that are often used."""
    lines = {}
    for schedule in dict.fromkeys((code.plan.schedule, *_OFTEN_USED)):
        lr = rates.get(schedule)
        if lr is not None:
            lines[_NAMES[schedule]] = "\n".join(schedule_lines(schedule, lr, code))
    if bounds is not None:
        lines["CyclicLR"] = cyclic_line(bounds, code)
    return lines


def schedule_lines(schedule: Schedule, lr: float, code: Code) -> list[str]:
    """The optimizer, and the schedulers of a schedule whose peak is `lr`.

    OneCycleLR sets the rates of the optimizer itself, so one that is made at any rate will do.
    """
    if schedule != "one-cycle":
        return [rate_line(lr, code), *warmup_and(schedule, code)]
    if code.own or code.plan.schedule != "one-cycle":
        return [one_cycle_line(lr, code)]
    return [rate_line(lr, code), one_cycle_line(lr, code)]


def rate_line(lr: float, code: Code) -> str:
    """The line that sets the rate: a call of the optimizer's class, unless that is the user's."""
    if code.own:
        return f"lr = {lr:.3g}  # of the first group of {code.optimizer}"
    return optimizer_line(code.optimizer, lr, code.arguments) + code.remark


def one_cycle_line(lr: float, code: Code) -> str:
    """OneCycleLR over the whole training; a planned warm-up is its rising part."""
    arguments: dict[str, object] = {
        "max_lr": rate_expression(lr, code.grouped),
        "total_steps": code.total_steps,
    }
    if code.plan.warmup > 1:  # it divides by the steps of the rising part, less one
        arguments["pct_start"] = f"{code.plan.warmup} / {code.total_steps}"
    arguments["cycle_momentum"] = code.cycle_momentum
    return f"scheduler = {scheduler_call('OneCycleLR', arguments)}"


def warmup_and(schedule: Schedule, code: Code) -> list[str]:
    """The schedulers of a constant rate or a cosine, after the plan's warm-up."""
    warmup = code.plan.warmup
    linear = scheduler_call("LinearLR", {"start_factor": f"1 / {warmup}", "total_iters": warmup})
    if schedule == "constant":
        return [f"scheduler = {linear}"] if warmup else []
    steps = code.total_steps
    if not warmup:
        return [f"scheduler = {scheduler_call('CosineAnnealingLR', {'T_max': steps})}"]
    rest = code.plan.steps - warmup if code.plan.steps else f"{steps} - {warmup}"
    cosine = scheduler_call("CosineAnnealingLR", {"T_max": rest})
    both = f"[warmup, cosine], milestones=[{warmup}]"
    return [
        f"warmup = {linear}",
        f"cosine = {cosine}",
        f"scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, {both})",
    ]


def cyclic_line(bounds: Bounds, code: Code) -> str:
    """CyclicLR between the bounds."""
    call = scheduler_call(
        "CyclicLR",
        {
            "base_lr": rate_expression(bounds.start_lr, code.grouped),
            "max_lr": rate_expression(bounds.end_lr, code.grouped),
            "step_size_up": eighth_of(code.plan.steps),
            "cycle_momentum": False,
        },
    )
    return f"scheduler = {call}"


def optimizer_line(optimizer_name: str, lr: float, arguments: Mapping[str, object]) -> str:
    """A call of the optimizer's class."""
    if "." not in optimizer_name:
        optimizer_name = f"torch.optim.{optimizer_name}"
    line = f"optimizer = {optimizer_name}(model.parameters(), lr={lr:.3g}"
    for name, value in arguments.items():
        if name != "lr":
            line += f", {name}={value!r}"
    return f"{line})"


def scheduler_call(scheduler: str, arguments: Mapping[str, object]) -> str:
    """A call of a scheduler's class; argument values are Python expressions."""
    return f"torch.optim.lr_scheduler.{scheduler}(optimizer, {as_arguments(arguments)})"


def as_arguments(arguments: Mapping[str, object]) -> str:
    """Keyword arguments as Python writes them."""
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def rate_expression(lr: float, grouped: bool) -> str:
    """A rate, or for grouped parameters a list of one rate a group that keeps their ratios."""
    if not grouped:
        return f"{lr:.3g}"
    ratio = 'group["lr"] / optimizer.param_groups[0]["lr"]'
    return f"[{lr:.3g} * {ratio} for group in optimizer.param_groups]"


def eighth_of(steps: int) -> int | str:
    """An eighth of the steps, at least 1: half a cycle, so that training has four."""
    if not steps:
        return "total_steps // 8"
    return max(1, steps // 8)


def has_momentum(optimizer_name: str, arguments: Mapping[str, object]) -> bool:
    """Whether the optimizer runs with momentum, by its arguments and name.

    OneCycleLR would silently set one for an optimizer that runs without.
    """
    betas = arguments.get("betas")
    if isinstance(betas, Sequence) and betas:
        return bool(betas[0])
    return bool(arguments.get("momentum")) or "adam" in optimizer_name.lower()
