"""The answer as lines of Python for the person's own script."""

from pathlib import Path

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.bounds import schedule_code
from lrtui.spec import Choice

GROUP_RULES = ("decay_all", "layer_decay")  # ours, of catalog/groups.py: no optimizer takes them


def code_lines(
    optimizer: Choice,
    suggestion: Suggestion | None,
    bounds: Bounds | None,
    momentum: float | None = None,
) -> dict[str, str]:
    """A constant rate, OneCycleLR and CyclicLR with this optimizer, each by its name; those that the answer allows.

    A factory of the person's is not called by name: what it takes, and how many optimizers it makes, is theirs to know.
    """
    if suggestion is None:
        return {}
    rules = {name: value for name, value in optimizer.args.items() if name in GROUP_RULES}
    arguments = {name: value for name, value in optimizer.args.items() if name not in rules}
    own = is_own(optimizer.target)
    lines = schedule_code(
        bounds,
        suggestion,
        dotted_name(optimizer.target),
        optimizer_arguments=arguments,
        momentum=momentum,
        grouped=own or rules.get("layer_decay", 1.0) != 1.0,
    )
    if "constant" in lines and own:
        lines["constant"] = (
            f"lr = {suggestion.lr:.3g}  # of the first group of {dotted_name(optimizer.target)}"
        )
    elif "constant" in lines and rules:
        kept = ", ".join(f"{name}={value}" for name, value in rules.items())
        lines["constant"] += f"  # its groups as in the run: {kept}"
    return lines


def is_own(target: str) -> bool:
    """Whether a target is a function, or in a file, rather than a class that a script can import."""
    where, _, what = target.rpartition(":")
    return where.endswith(".py") or not what[:1].isupper()


def dotted_name(target: str) -> str:
    """How a script that has imported it calls a target: a class of torch.optim by its name alone."""
    where, _, what = target.rpartition(":")
    if where == "torch.optim":
        return what
    return f"{Path(where).stem if where.endswith('.py') else where}.{what}"
