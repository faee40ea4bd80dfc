"""Default values in a parsed file: literals, constants of the module, plain arithmetic. Nothing is executed."""

import ast
from typing import Any


def evaluate(node: ast.expr, names: dict[str, Any]) -> Any:
    """The value of a literal, of a constant's name, or of plain arithmetic on them; ValueError for anything else."""
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.Tuple | ast.List):
        values = [evaluate(entry, names) for entry in node.elts]
        return tuple(values) if isinstance(node, ast.Tuple) else values
    if isinstance(node, ast.BinOp):
        return _arithmetic(node.op, evaluate(node.left, names), evaluate(node.right, names))
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("not a literal") from error


def _arithmetic(operator: ast.operator, left: Any, right: Any) -> Any:
    """`2 * 28`, `1 / 255`, `2**10`; a power that would take for ever is no default that anybody writes."""
    if not all(isinstance(value, int | float) for value in (left, right)):
        raise ValueError("not arithmetic")
    if isinstance(operator, ast.Pow) and (abs(right) > 64 or abs(left) > 2**32):
        raise ValueError("too large")
    try:
        match operator:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case ast.FloorDiv():
                return left // right
            case ast.Pow():
                return left**right
    except ArithmeticError as error:
        raise ValueError(str(error)) from error
    raise ValueError("not arithmetic")


def constants(nodes: list[ast.stmt]) -> dict[str, Any]:
    """Module-level names that are bound to literals."""
    found: dict[str, Any] = {}
    for node in nodes:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        value = getattr(node, "value", None) if targets else None
        if value is None:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = evaluate(value, found)
                except ValueError:
                    found.pop(target.id, None)
    return found
