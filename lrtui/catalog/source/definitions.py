"""What a parsed file defines at its top level, and what its classes inherit."""

import ast
from collections.abc import Iterator

from lrtui.catalog.fields import last_name
from lrtui.catalog.source import literals
from lrtui.catalog.source.literals import assigned_names

ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag")

Function = ast.FunctionDef
Definition = ast.ClassDef | Function


class Definitions:
    """The top level of a parsed file: classes, functions, enums and constants."""

    def __init__(self, tree: ast.Module) -> None:
        statements = list(_top_level(tree.body))
        self.classes: dict[str, ast.ClassDef] = {}
        self.functions: dict[str, Function] = {}
        for statement in statements:
            if isinstance(statement, ast.ClassDef):
                self.classes[statement.name] = statement
            elif isinstance(statement, Function):
                self.functions[statement.name] = statement
        self.constants = literals.constants(statements)
        self.enums: dict[str, tuple[str, ...]] = {}
        for name, node in self.classes.items():
            if self.is_a(node, ENUMS):
                self.enums[name] = members(node)

    def public(self) -> Iterator[Definition]:
        """The definitions that a person may pick, in the order of the file."""
        definitions: list[Definition] = [*self.classes.values(), *self.functions.values()]
        for node in sorted(definitions, key=lambda node: node.lineno):
            if node.name.startswith("_") or node.name in self.enums:
                continue
            if not decorated(node, "overload"):
                yield node

    def is_module(self, node: ast.ClassDef) -> bool:
        """Whether a class is an nn.Module, judged by the names of its bases."""
        return any(map(_is_module_name, self.all_base_names(node)))

    def is_a(self, node: ast.ClassDef, names: tuple[str, ...]) -> bool:
        """Whether one of these names is a base of a class, or of one of its bases in this file."""
        return any(base.split(".")[-1] in names for base in self.all_base_names(node))

    def lineage(
        self, node: ast.ClassDef, seen: frozenset[str] = frozenset()
    ) -> Iterator[ast.ClassDef]:
        """A class and those of its bases that are in this file."""
        yield node
        seen = seen | {node.name}
        for base in node.bases:
            name = last_name(base)
            if name in self.classes and name not in seen:
                yield from self.lineage(self.classes[name], seen)

    def is_known(self, node: ast.ClassDef) -> bool:
        """Whether every base that may define an __init__ is in this file."""
        bases: set[str] = set()
        for ancestor in self.lineage(node):
            bases.update(map(last_name, ancestor.bases))
        return bases <= {*self.classes, "Module", "object"}

    def all_base_names(self, node: ast.ClassDef) -> Iterator[str]:
        """The bases of a class and of its bases in this file, as they are written."""
        for ancestor in self.lineage(node):
            yield from base_names(ancestor)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The module's statements, including those inside `if`, `try` and `with`."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try):
            yield from _top_level([*statement.body, *statement.orelse])
        if isinstance(statement, ast.With):
            yield from _top_level(statement.body)
        if isinstance(statement, ast.Try):
            yield from _top_level(statement.finalbody)
            for handler in statement.handlers:
                yield from _top_level(handler.body)


def members(node: ast.ClassDef) -> tuple[str, ...]:
    """The names of an Enum's members."""
    names: list[str] = []
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            names += assigned_names(statement.targets)
    return tuple(name for name in names if not name.startswith("_"))


def base_names(node: ast.ClassDef) -> list[str]:
    """The bases of a class as they are written, without type arguments."""
    return [ast.unparse(base).split("[")[0] for base in node.bases]


def decorated(node: Definition, name: str) -> bool:
    """Whether a definition has a decorator of that name."""
    return name in map(last_name, node.decorator_list)


def _is_module_name(name: str) -> bool:
    in_nn = name.split(".")[0] == "nn" or ".nn." in name
    return in_nn or name.endswith(("Module", "Model"))
