"""What a definition looks made for: the likeliest things for a role come first in a list."""

import ast

from lrtui.catalog.fields import last_name
from lrtui.catalog.offers import Role
from lrtui.catalog.source.definitions import Definition, Definitions, Function

_BASES: dict[Role, tuple[str, ...]] = {
    "data": ("Dataset", "IterableDataset", "TensorDataset", "DataLoader", "ImageFolder"),
    "optimizer": ("Optimizer",),
    "loss": ("Module", "_Loss", "Loss"),
}
_FIRST: dict[Role, tuple[str, ...]] = {
    "optimizer": ("params", "model", "parameters"),
    "step": ("model",),
}


def may_be(node: Definition, role: Role) -> bool:
    """False for what cannot make a model: a class without any base, a function that wants a model or parameters."""
    if role != "model":
        return True
    if isinstance(node, ast.ClassDef):
        return bool(node.bases or node.keywords)
    required = node.args.args[: len(node.args.args) - len(node.args.defaults)]
    first = required[0] if required else None
    by_name = (
        first is not None
        and first.annotation is not None
        and last_name(first.annotation) in ("str", "Literal")
    )
    return first is None or by_name or first.arg not in ("model", "params", "output")


def rank(file: Definitions, node: Definition, role: Role) -> int:
    """0 for what fits the role by its looks, more for what is less likely; nothing is left out."""
    if isinstance(node, ast.ClassDef):
        fits = file.is_module(node) if role == "model" else file.is_a(node, _BASES.get(role, ()))
        return 0 if fits else 3
    if role == "model":
        return 1 if _makes_module(file, node) else 2
    first = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)][:1]
    expected = _FIRST.get(role)
    return 0 if expected is None or (first and first[0] in expected) else 2


def _makes_module(file: Definitions, node: Function) -> bool:
    returned = last_name(node.returns) if node.returns else ""
    calls = {
        last_name(leaf.func)
        for statement in ast.walk(node)
        if isinstance(statement, ast.Return) and statement.value
        for leaf in ast.walk(statement.value)
        if isinstance(leaf, ast.Call)
    }
    modules = {name for name, known in file.classes.items() if file.is_module(known)}
    return returned in modules | {"Module"} or bool(calls & (modules | {"Sequential"}))
