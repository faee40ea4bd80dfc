"""The answer as a Python module: constants, and a function for each schedule.

A record may come from anybody: see `lrtui.export.content.has_plain_names`.
"""

import ast
from collections.abc import Iterator

from lrtui.export.content import Content, ExportError, answer_lines, ending_line, origin, printable

_FUNCTIONS = {
    "constant": "constant",
    "OneCycleLR": "one_cycle",
    "CosineAnnealingLR": "cosine",
    "CyclicLR": "cyclic",
}
_PARAMETERS = ("model", "optimizer", "total_steps")  # what the user's script has
_LONGEST = 88  # letters of a line
_RESULTS = ("lr", "optimizer", "scheduler")


def python_of(content: Content) -> str:
    """The module; it parses, and importing it does nothing.

    Raises:
        ExportError: there is no learning rate.
    """
    suggestion = content.suggestion
    if suggestion is None or suggestion.lr is None:
        reason = "nothing was measured" if suggestion is None else suggestion.reason
        raise ExportError(f"there is no learning rate to write code for: {reason}")
    parsed = {name: ast.parse(lines) for name, lines in content.code.items()}
    lines = [*_head(content)]
    for module in sorted(set().union(*map(_imported, parsed.values()))):
        lines.append(f"import {module}")
    lines += ["", *_constants(content)]
    for name, tree in parsed.items():
        lines += ["", "", *_function(name, content.code[name], tree)]
    return "\n".join(lines) + "\n"


def _head(content: Content) -> Iterator[str]:
    lines = [origin(content.record), content.title, *answer_lines(content)]
    for line in (*lines, ending_line(content.record)):
        yield f"# {printable(line)}"
    yield ""


def _constants(content: Content) -> Iterator[str]:
    suggestion, bounds = content.suggestion, content.bounds
    yield f"LR = {_rates(content.lr)}"
    if suggestion is not None and suggestion.low is not None:
        yield f"LR_LOW, LR_HIGH = {_rates(suggestion.low, suggestion.high)}"
    if bounds is not None:
        yield f"BASE_LR, MAX_LR = {_rates(bounds.start_lr, bounds.end_lr)}"


def _rates(*rates: float | None) -> str:
    """Rates with three digits, as the functions have them: more of them mean nothing."""
    return ", ".join(repr(float(f"{lr:.3g}")) for lr in rates if lr is not None)


def _function(name: str, lines: str, tree: ast.Module) -> Iterator[str]:
    """The lines for one schedule, with what they need as parameters and what they make returned."""
    made = _stored(tree)
    parameters = [name for name in _PARAMETERS if name in _loaded(tree) - made]
    results = [name for name in _RESULTS if name in made]
    yield f"def {_FUNCTIONS[name]}({', '.join(parameters)}):"
    for line in lines.split("\n"):
        yield from (f"    {part}" for part in _wrapped(line))
    yield f"    return {', '.join(results)}"


def _wrapped(line: str) -> list[str]:
    """A statement; a long call has a line for each argument."""
    if len(line) <= _LONGEST or "#" in line:
        return [line]
    match ast.parse(line).body:
        case [ast.Assign(targets=[target], value=ast.Call() as call)]:
            arguments = [ast.unparse(argument) for argument in (*call.args, *call.keywords)]
            head = f"{ast.unparse(target)} = {ast.unparse(call.func)}("
            return [head, *(f"    {argument}," for argument in arguments), ")"]
    return [line]


def _imported(tree: ast.Module) -> set[str]:
    """Modules whose classes are called, such as "torch" or "timm.optim"."""
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            dotted = ast.unparse(node.func)
            root = dotted.partition(".")[0]
            if "." in dotted and root not in _PARAMETERS:
                modules.add("torch" if root == "torch" else dotted.rpartition(".")[0])
    return modules


def _loaded(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
    return names


def _stored(tree: ast.Module) -> set[str]:
    """Names that the lines of the schedule set, without the variables of comprehensions."""
    names = set()
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            names |= {node.id for node in statement.targets if isinstance(node, ast.Name)}
    return names
