"""What a parsed file defines at its top level, and what its classes inherit from, as far as the text tells."""

import ast
from collections.abc import Iterator

from lrtui.catalog.fields import last_name
from lrtui.catalog.source import literals

ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag")

Function = ast.FunctionDef
Definition = ast.ClassDef | Function


class Definitions:
    """The top level of a parsed file: what is defined, and what constants mean."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(_top_level(tree.body))
        self.classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
        self.functions = {node.name: node for node in nodes if isinstance(node, Function)}
        self.constants = literals.constants(nodes)
        self.enums = {
            name: members(node) for name, node in self.classes.items() if self.is_a(node, ENUMS)
        }

    def public(self) -> Iterator[Definition]:
        """What a person may pick, in the order of the file."""
        everything: list[Definition] = [*self.classes.values(), *self.functions.values()]
        for node in sorted(everything, key=lambda node: node.lineno):
            if (
                not node.name.startswith("_")
                and node.name not in self.enums
                and not decorated(node, "overload")
            ):
                yield node

    def is_module(self, node: ast.ClassDef) -> bool:
        """Whether a class looks like an nn.Module, by the names of its bases."""
        names = [name for base in self.lineage(node) for name in base_names(base)]
        return any(
            name.endswith(("Module", "Model")) or name.split(".")[0] == "nn" or ".nn." in name
            for name in names
        )

    def is_a(self, node: ast.ClassDef, names: tuple[str, ...]) -> bool:
        """Whether a class or one of its bases in this file names one of these as a base."""
        return any(
            name.split(".")[-1] in names for base in self.lineage(node) for name in base_names(base)
        )

    def lineage(
        self, node: ast.ClassDef, seen: frozenset[str] = frozenset()
    ) -> Iterator[ast.ClassDef]:
        """A class and its bases, as far as they are in this file."""
        yield node
        for base in node.bases:
            name = last_name(base)
            if name in self.classes and name not in seen | {node.name}:
                yield from self.lineage(self.classes[name], seen | {node.name})

    def is_known(self, node: ast.ClassDef) -> bool:
        """Whether all that a class inherits an __init__ from is in this file, or has none to speak of."""
        bases = {last_name(base) for known in self.lineage(node) for base in known.bases}
        return bases <= {*self.classes, "Module", "object"}


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module, those inside `if` and `try` among them."""
    for statement in body:
        yield statement
        for name in ("body", "orelse", "finalbody", "handlers"):
            if isinstance(statement, ast.If | ast.Try | ast.With):
                for inner in getattr(statement, name, []):
                    yield from _top_level(
                        inner.body if isinstance(inner, ast.ExceptHandler) else [inner]
                    )


def members(node: ast.ClassDef) -> tuple[str, ...]:
    """The names of an Enum's members."""
    names = [
        target.id
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and not target.id.startswith("_")
    ]
    return tuple(names)


def base_names(node: ast.ClassDef) -> list[str]:
    """The bases of a class as they are written."""
    return [ast.unparse(base).split("[")[0] for base in node.bases]


def decorated(node: Definition, name: str) -> bool:
    """Whether a decorator of that name is on it."""
    return any(last_name(decorator) == name for decorator in node.decorator_list)
