"""Which role a definition was probably written for: lists show the likeliest first."""

import ast

from lrtui.catalog.fields import last_name
from lrtui.catalog.offers import Role
from lrtui.catalog.source.definitions import Definition, Definitions, Function

_BASES: dict[Role, tuple[str, ...]] = {
    "data": ("Dataset", "IterableDataset", "TensorDataset", "DataLoader", "ImageFolder"),
    "optimizer": ("Optimizer",),
    "loss": ("Module", "_Loss", "Loss"),
}
_FIRST_PARAMETERS: dict[Role, tuple[str, ...]] = {
    "optimizer": ("params", "model", "parameters"),
    "step": ("model",),
}
_NOT_A_MODELS = ("model", "params", "output")  # first parameters of steps, optimizers and losses

_LIKELY, _MAKES_MODULE, _OTHER_FUNCTION, _OTHER_CLASS = range(4)


def may_be(node: Definition, role: Role) -> bool:
    """Whether a definition can have a role; everything can, except for models.

    A class without a base makes no model, nor does a function that takes a model or parameters.
    """
    if role != "model":
        return True
    if isinstance(node, ast.ClassDef):
        return bool(node.bases or node.keywords)
    required = node.args.args[: len(node.args.args) - len(node.args.defaults)]
    if not required:
        return True
    first = required[0]
    if first.annotation is not None and last_name(first.annotation) in ("str", "Literal"):
        return True  # the model's name
    return first.arg not in _NOT_A_MODELS


def rank(file: Definitions, node: Definition, role: Role) -> int:
    """0 for the likeliest definitions of a role, more for others; nothing is left out."""
    if isinstance(node, ast.ClassDef):
        return _LIKELY if _fits(file, node, role) else _OTHER_CLASS
    if role == "model":
        return _MAKES_MODULE if _makes_module(file, node) else _OTHER_FUNCTION
    return _LIKELY if _takes_first(node, role) else _OTHER_FUNCTION


def models(file: Definitions) -> list[Definition]:
    """The definitions that are surely models, judged by their text: the classes first."""
    nodes = [node for node in file.public() if rank(file, node, "model") <= _MAKES_MODULE]
    return sorted(nodes, key=lambda node: rank(file, node, "model"))


def _fits(file: Definitions, node: ast.ClassDef, role: Role) -> bool:
    if role == "model":
        return file.is_module(node)
    return file.is_a(node, _BASES.get(role, ()))


def _takes_first(node: Function, role: Role) -> bool:
    """Whether a function's first parameter has a name that is common for the role."""
    if role not in _FIRST_PARAMETERS:
        return True
    parameters = [*node.args.posonlyargs, *node.args.args]
    return bool(parameters) and parameters[0].arg in _FIRST_PARAMETERS[role]


def _makes_module(file: Definitions, node: Function) -> bool:
    """Whether a function returns a module, by its annotation or by what its `return` calls."""
    modules = {"Module"}
    for name, known in file.classes.items():
        if file.is_module(known):
            modules.add(name)
    if node.returns is not None and last_name(node.returns) in modules:
        return True
    calls = _returned_calls(node)
    return not calls.isdisjoint({*modules, "Sequential"})


def _returned_calls(node: Function) -> set[str]:
    """The names of all that is called in a function's return statements."""
    names: set[str] = set()
    for statement in ast.walk(node):
        if not isinstance(statement, ast.Return) or statement.value is None:
            continue
        for leaf in ast.walk(statement.value):
            if isinstance(leaf, ast.Call):
                names.add(last_name(leaf.func))
    return names
