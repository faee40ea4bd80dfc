"""An answer as lines of Python for the user's own script."""

from pathlib import Path

from lrtui.analysis.answer import ANY_PLAN, Bounds, Plan
from lrtui.report.schedule_code import Code, Rates, as_arguments, lines_of
from lrtui.spec import Choice

# our own arguments, of lrtui/build/param_groups.py: no optimizer accepts them
GROUP_RULES = ("decay_all", "layer_decay")


def code_lines(
    optimizer: Choice,
    rates: Rates,
    bounds: Bounds | None,
    plan: Plan = ANY_PLAN,
    momentum: float | None = None,
) -> dict[str, str]:
    """Lines that set up the optimizer and the schedulers of a run, as far as the answer allows.

    Args:
        optimizer: the run's choice.
        rates: our rate for each schedule.
        bounds: base_lr and max_lr of CyclicLR.
        plan: the training; the lines for its schedule come first.
        momentum: the optimizer's (beta1 of the Adam family); None if unknown.

    Returns:
        By the name of what they set up: "constant", "OneCycleLR", "CosineAnnealingLR", "CyclicLR".
        The first ones make the optimizer, unless that is the user's own; the others may need it.
    """
    arguments: dict[str, object] = {}
    group_rules: dict[str, object] = {}
    for name, value in optimizer.args.items():
        if name in GROUP_RULES:
            group_rules[name] = value
        else:
            arguments[name] = value

    own = is_users_own(optimizer.target)
    remark = ""
    if group_rules and not own:
        remark = f"  # with the run's parameter groups: {as_arguments(group_rules)}"
    code = Code(
        optimizer=dotted_name(optimizer.target),
        arguments=arguments,
        plan=plan,
        momentum=momentum,
        grouped=own or group_rules.get("layer_decay", 1.0) != 1.0,
        own=own,
        remark=remark,
    )
    return lines_of(code, rates, bounds)


def is_users_own(target: str) -> bool:
    """Whether a target is a function or in a file, and not a class that a script can import."""
    where, _, what = target.rpartition(":")
    return where.endswith(".py") or not what[:1].isupper()


def dotted_name(target: str) -> str:
    """The name of a target in a script that imports it; a class of torch.optim without module."""
    where, _, what = target.rpartition(":")
    if where == "torch.optim":
        return what
    if where.endswith(".py"):
        where = Path(where).stem
    return f"{where}.{what}"
