"""What a Python file offers, by parsing it. Nothing is executed: a file may be anybody's."""

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

from lrtui.catalog import docs, literals, skips
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import Default, field, is_plain, last_name
from lrtui.catalog.offer import Field, Offer, Role

_ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag")
_RECORDS = ("NamedTuple",)
_BASES: dict[Role, tuple[str, ...]] = {
    "data": ("Dataset", "IterableDataset", "TensorDataset", "DataLoader", "ImageFolder"),
    "optimizer": ("Optimizer",),
    "loss": ("Module", "_Loss", "Loss"),
}
_FIRST: dict[Role, tuple[str, ...]] = {
    "optimizer": ("params", "model", "parameters"),
    "step": ("model",),
}

Function = ast.FunctionDef


def offers_in_file(path: Path, role: Role = "model") -> list[Offer]:
    """The public functions and classes that a file defines, the likeliest for the role first.

    Raises CatalogError, in one line, for a file that cannot be read or parsed.
    """
    file = _File(parse(path))
    nodes = [node for node in file.public() if file.may_be(node, role)]
    offers = [(file.rank(node, role), file.offer(f"{path}:{node.name}", node, role)) for node in nodes]
    return [offer for _, offer in sorted(offers, key=lambda pair: pair[0])]


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file; CatalogError with file and line where there is none."""
    try:
        with tokenize.open(path) as file:
            return ast.parse(file.read(), filename=str(path))
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error
    except SyntaxError as error:
        raise CatalogError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CatalogError(f"{path}: not a Python source ({str(error) or type(error).__name__})") from error


class _File:
    """The top level of a parsed file: what is defined, and what constants mean."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(_top_level(tree.body))
        self.classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
        self.functions = {node.name: node for node in nodes if isinstance(node, Function)}
        self.constants = literals.constants(nodes)
        self.enums = {name: _members(node) for name, node in self.classes.items() if self.is_a(node, _ENUMS)}

    def public(self) -> Iterator[ast.ClassDef | Function]:
        """What a person may pick, in the order of the file."""
        everything: list[ast.ClassDef | Function] = [*self.classes.values(), *self.functions.values()]
        for node in sorted(everything, key=lambda node: node.lineno):
            if not node.name.startswith("_") and node.name not in self.enums and not _decorated(node, "overload"):
                yield node

    def offer(self, target: str, node: ast.ClassDef | Function, role: Role) -> Offer:
        doc = ast.get_docstring(node)
        is_class = isinstance(node, ast.ClassDef)
        fields, more = self._class_fields(node) if isinstance(node, ast.ClassDef) else self._fields(node, doc)
        return Offer(
            target=target,
            summary=docs.summary(doc),
            doc=docs.clean(doc),
            fields=skips.without(fields, role, "class" if is_class else "function"),
            kind="class" if is_class else "function",
            more=more,
        )

    def may_be(self, node: ast.ClassDef | Function, role: Role) -> bool:
        """False for what cannot make a model: a class without any base, a function that wants a model or parameters."""
        if role != "model":
            return True
        if isinstance(node, ast.ClassDef):
            return bool(node.bases or node.keywords)
        required = node.args.args[: len(node.args.args) - len(node.args.defaults)]
        return not required or required[0].arg not in ("model", "params", "output")

    def rank(self, node: ast.ClassDef | Function, role: Role) -> int:
        """0 for what fits the role by its looks, more for what is less likely; nothing is left out."""
        if isinstance(node, ast.ClassDef):
            fits = self.is_module(node) if role == "model" else self.is_a(node, _BASES.get(role, ()))
            return 0 if fits else 3
        if role == "model":
            return 1 if self._makes_module(node) else 2
        first = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)][:1]
        expected = _FIRST.get(role)
        return 0 if expected is None or (first and first[0] in expected) else 2

    def is_module(self, node: ast.ClassDef) -> bool:
        """Whether a class looks like an nn.Module, by the names of its bases."""
        names = [name for base in self.lineage(node) for name in _base_names(base)]
        return any(name.endswith(("Module", "Model")) or name.split(".")[0] == "nn" or ".nn." in name for name in names)

    def is_a(self, node: ast.ClassDef, names: tuple[str, ...]) -> bool:
        return any(name.split(".")[-1] in names for base in self.lineage(node) for name in _base_names(base))

    def lineage(self, node: ast.ClassDef, seen: frozenset[str] = frozenset()) -> Iterator[ast.ClassDef]:
        """A class and its bases, as far as they are in this file."""
        yield node
        for base in node.bases:
            name = last_name(base)
            if name in self.classes and name not in seen | {node.name}:
                yield from self.lineage(self.classes[name], seen | {node.name})

    def _makes_module(self, node: Function) -> bool:
        returned = last_name(node.returns) if node.returns else ""
        calls = {
            last_name(leaf.func)
            for statement in ast.walk(node)
            if isinstance(statement, ast.Return) and statement.value
            for leaf in ast.walk(statement.value)
            if isinstance(leaf, ast.Call)
        }
        modules = {name for name, known in self.classes.items() if self.is_module(known)}
        return returned in modules | {"Module"} or bool(calls & (modules | {"Sequential"}))

    def _class_fields(self, node: ast.ClassDef) -> tuple[tuple[Field, ...], bool]:
        """Of its own __init__, of a base's in this file, or of a dataclass's annotations."""
        for known in self.lineage(node):
            if _decorated(known, "dataclass") or any(name in _RECORDS for name in _base_names(known)):
                return self._record_fields(node), False
            for statement in known.body:
                if isinstance(statement, Function) and statement.name == "__init__":
                    doc = "\n\n".join(filter(None, (ast.get_docstring(node), ast.get_docstring(statement))))
                    return self._fields(statement, doc, method=True)
        return (), False

    def _record_fields(self, node: ast.ClassDef) -> tuple[Field, ...]:
        """A dataclass's fields, those of its bases first, as Python orders them."""
        found: dict[str, Field] = {}
        for known in reversed(list(self.lineage(node))):
            for statement in known.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    made = self._record_field(statement.target.id, statement)
                    if made is not None:
                        found[made.name] = made
        return tuple(found.values())

    def _record_field(self, name: str, statement: ast.AnnAssign) -> Field | None:
        annotation = ast.unparse(statement.annotation)
        if annotation.split("[")[0].endswith("ClassVar"):
            return None
        value = statement.value
        if isinstance(value, ast.Call) and last_name(value.func) == "field":
            options = {keyword.arg: keyword.value for keyword in value.keywords}
            if isinstance(options.get("init"), ast.Constant) and options["init"].value is False:  # type: ignore[attr-defined]
                return None
            if "default_factory" in options:
                return field(name, annotation, Default(text=ast.unparse(options["default_factory"]) + "()"), self.enums)
            value = options.get("default")
        return field(name, annotation, self._default(value), self.enums)

    def _fields(self, node: Function, doc: str | None, *, method: bool = False) -> tuple[tuple[Field, ...], bool]:
        """The parameters that can be given by keyword, and whether there are `**kwargs` beside them."""
        spoken = docs.helps(doc)
        arguments = node.args
        by_place = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (len(by_place) - len(arguments.defaults))
        pairs = list(zip(by_place, [*missing, *arguments.defaults], strict=True))[1 if method else 0 :]
        pairs = [pair for pair in pairs if pair[0] not in arguments.posonlyargs]
        pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        fields = tuple(
            field(
                argument.arg,
                ast.unparse(argument.annotation) if argument.annotation else "",
                self._default(default),
                self.enums,
                spoken.get(argument.arg, ""),
            )
            for argument, default in pairs
        )
        return fields, arguments.kwarg is not None

    def _default(self, node: ast.expr | None) -> Default:
        if node is None:
            return Default(given=False)
        if isinstance(node, ast.Attribute) and last_name(node.value) in self.enums:
            return Default(node.attr)
        try:
            value = literals.evaluate(node, self.constants)
        except ValueError:
            return Default(text=ast.unparse(node))
        return Default(value) if is_plain(value) else Default(text=ast.unparse(node))


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module, those inside `if` and `try` among them."""
    for statement in body:
        yield statement
        for name in ("body", "orelse", "finalbody", "handlers"):
            if isinstance(statement, ast.If | ast.Try | ast.With):
                for inner in getattr(statement, name, []):
                    yield from _top_level(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


def _members(node: ast.ClassDef) -> tuple[str, ...]:
    """The names of an Enum's members."""
    names = [
        target.id
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and not target.id.startswith("_")
    ]
    return tuple(names)


def _base_names(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).split("[")[0] for base in node.bases]


def _decorated(node: ast.ClassDef | Function, name: str) -> bool:
    return any(last_name(decorator) == name for decorator in node.decorator_list)
