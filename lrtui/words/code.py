"""The answer as lines of Python for the person's own script."""

from pathlib import Path

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.bounds import schedule_code
from lrtui.spec import Choice

GROUP_RULES = ("decay_all", "layer_decay")  # ours, of catalog/groups.py: no optimizer takes them


def code_lines(optimizer: Choice, suggestion: Suggestion | None, bounds: Bounds | None) -> dict[str, str]:
    """A constant rate, OneCycleLR and CyclicLR with this optimizer, each by its name; those that the answer allows."""
    if suggestion is None:
        return {}
    arguments = {name: value for name, value in optimizer.args.items() if name not in GROUP_RULES}
    return schedule_code(bounds, suggestion, dotted_name(optimizer.target), optimizer_arguments=arguments)


def dotted_name(target: str) -> str:
    """How a script that has imported it calls a target: a class of torch.optim by its name alone."""
    where, _, what = target.rpartition(":")
    if where == "torch.optim":
        return what
    return f"{Path(where).stem if where.endswith('.py') else where}.{what}"
