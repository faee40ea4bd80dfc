"""An answer as lines of Python for the user's own script."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.spec import Choice

# our own arguments, of lrtui/build/param_groups.py: no optimizer accepts them
GROUP_RULES = ("decay_all", "layer_decay")


def code_lines(
    optimizer: Choice,
    suggestion: Suggestion | None,
    bounds: Bounds | None,
    momentum: float | None = None,
) -> dict[str, str]:
    """Lines that set up the optimizer and the schedulers of a run, as far as the answer allows.

    The user's own optimizer factory is not called: which arguments it takes, and how many
    optimizers it makes, is not known.

    Args:
        optimizer: the run's choice.
        suggestion: its rate is the constant one.
        bounds: base_lr and max_lr of the schedulers.
        momentum: the optimizer's (beta1 of the Adam family); None if unknown.

    Returns:
        The lines by the name of what they set up: "constant", "OneCycleLR", "CyclicLR".
    """
    if suggestion is None:
        return {}
    arguments: dict[str, object] = {}
    group_rules: dict[str, object] = {}
    for name, value in optimizer.args.items():
        if name in GROUP_RULES:
            group_rules[name] = value
        else:
            arguments[name] = value

    optimizer_name = dotted_name(optimizer.target)
    own = is_users_own(optimizer.target)
    lines = schedule_code(
        bounds,
        suggestion,
        optimizer_name,
        optimizer_arguments=arguments,
        momentum=momentum,
        grouped=own or group_rules.get("layer_decay", 1.0) != 1.0,
    )
    if "constant" not in lines:
        return lines
    if own:
        lines["constant"] = f"lr = {suggestion.lr:.3g}  # of the first group of {optimizer_name}"
    elif group_rules:
        lines["constant"] += f"  # with the run's parameter groups: {as_arguments(group_rules)}"
    return lines


def schedule_code(
    bounds: Bounds | None,
    suggestion: Suggestion,
    optimizer_name: str,
    total_steps: int | str = "total_steps",
    optimizer_arguments: Mapping[str, object] | None = None,
    *,
    momentum: float | None = None,
    grouped: bool = False,
) -> dict[str, str]:
    """Lines of Python for a constant rate, OneCycleLR and CyclicLR, as far as the answer allows.

    Args:
        bounds: base_lr and max_lr of the schedulers.
        suggestion: its rate is the constant one.
        optimizer_name: a class of torch.optim, such as "AdamW", or a dotted name.
        total_steps: batches in the whole training: a number, or an expression of the user's script.
        optimizer_arguments: other arguments of the optimizer, such as {"momentum": 0.9}.
        momentum: the optimizer's (beta1 of the Adam family), which OneCycleLR cycles; None if
            unknown: then its name and arguments decide.
        grouped: its parameter groups have different rates, whose ratios must stay.
    """
    arguments = dict(optimizer_arguments or {})
    lines = {}
    if suggestion.lr is not None:
        lines["constant"] = optimizer_line(optimizer_name, suggestion.lr, arguments)
    if bounds is not None:
        cycle_momentum = has_momentum(optimizer_name, arguments)
        if momentum is not None:
            cycle_momentum = momentum > 0
        lines["OneCycleLR"] = scheduler_line(
            "OneCycleLR",
            max_lr=rate_expression(bounds.end_lr, grouped),
            total_steps=total_steps,
            cycle_momentum=cycle_momentum,
        )
        lines["CyclicLR"] = scheduler_line(
            "CyclicLR",
            base_lr=rate_expression(bounds.start_lr, grouped),
            max_lr=rate_expression(bounds.end_lr, grouped),
            step_size_up=eighth_of(total_steps),
            cycle_momentum=False,
        )
    return lines


def optimizer_line(optimizer_name: str, lr: float, arguments: Mapping[str, object]) -> str:
    """A call of the optimizer's class."""
    if "." not in optimizer_name:
        optimizer_name = f"torch.optim.{optimizer_name}"
    line = f"optimizer = {optimizer_name}(model.parameters(), lr={lr:.3g}"
    for name, value in arguments.items():
        if name != "lr":
            line += f", {name}={value!r}"
    return f"{line})"


def scheduler_line(scheduler: str, **arguments: object) -> str:
    """A call of a scheduler's class; argument values are Python expressions."""
    return f"scheduler = torch.optim.lr_scheduler.{scheduler}(optimizer, {as_arguments(arguments)})"


def as_arguments(arguments: Mapping[str, object]) -> str:
    """Keyword arguments as Python writes them."""
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def rate_expression(lr: float, grouped: bool) -> str:
    """A rate, or for grouped parameters a list of one rate a group that keeps their ratios."""
    if not grouped:
        return f"{lr:.3g}"
    ratio = 'group["lr"] / optimizer.param_groups[0]["lr"]'
    return f"[{lr:.3g} * {ratio} for group in optimizer.param_groups]"


def eighth_of(total_steps: int | str) -> int | str:
    """An eighth of the steps, at least 1: half a cycle, so that training has four."""
    if isinstance(total_steps, int):
        return max(1, total_steps // 8)
    return f"{total_steps} // 8"


def has_momentum(optimizer_name: str, arguments: Mapping[str, object]) -> bool:
    """Whether the optimizer runs with momentum, by its arguments and name.

    OneCycleLR would silently set one for an optimizer that runs without.
    """
    betas = arguments.get("betas")
    if isinstance(betas, Sequence) and betas:
        return bool(betas[0])
    return bool(arguments.get("momentum")) or "adam" in optimizer_name.lower()


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
