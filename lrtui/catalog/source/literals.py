"""Values in a parsed file: literals, constants of the module, arithmetic on numbers."""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping

Number = int | float

_OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


def evaluate(node: ast.expr, names: Mapping[str, object]) -> object:
    """The value of a literal, of a name in `names`, or of arithmetic on them.

    Raises:
        ValueError: the expression is anything else.
    """
    match node:
        case ast.Name() if node.id in names:
            return names[node.id]
        case ast.Tuple():
            return tuple(evaluate(entry, names) for entry in node.elts)
        case ast.List():
            return [evaluate(entry, names) for entry in node.elts]
        case ast.BinOp():
            left, right = evaluate(node.left, names), evaluate(node.right, names)
            return _arithmetic(node.op, left, right)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("not a literal") from error


def _arithmetic(symbol: ast.operator, left: object, right: object) -> Number:
    """`2 * 28`, `1 / 255`, `2**10`; huge powers are refused: computing them could take forever."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise ValueError("not arithmetic")
    if type(symbol) not in _OPERATORS:
        raise ValueError("not arithmetic")
    if isinstance(symbol, ast.Pow) and (abs(right) > 64 or abs(left) > 2**32):
        raise ValueError("too large")
    try:
        return _OPERATORS[type(symbol)](left, right)
    except ArithmeticError as error:
        raise ValueError(str(error)) from error


def constants(statements: Iterable[ast.stmt]) -> dict[str, object]:
    """The values of module-level names that are assigned literals."""
    values: dict[str, object] = {}
    for statement in statements:
        if isinstance(statement, ast.Assign):
            _assign(statement.targets, statement.value, values)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            _assign([statement.target], statement.value, values)
    return values


def _assign(targets: Iterable[ast.expr], node: ast.expr, values: dict[str, object]) -> None:
    """Store the value under each name; a value that is not a literal removes the names."""
    names = assigned_names(targets)
    try:
        value = evaluate(node, values)
    except ValueError:
        for name in names:
            values.pop(name, None)
    else:
        values.update(dict.fromkeys(names, value))


def assigned_names(targets: Iterable[ast.expr]) -> list[str]:
    """The targets of an assignment that are plain names."""
    return [target.id for target in targets if isinstance(target, ast.Name)]
