"""What a Python file offers, by parsing it. Nothing is executed: a file may be anybody's."""

import ast
import tokenize
from pathlib import Path

from lrtui.catalog import ranking, skips
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import Default, field, is_plain, last_name
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.source import docs, literals
from lrtui.catalog.source.definitions import (
    Definition,
    Definitions,
    Function,
    base_names,
    decorated,
)


def offers_in_file(path: Path, role: Role = "model") -> list[Offer]:
    """The public functions and classes that a file defines, the likeliest for the role first.

    Raises CatalogError, in one line, for a file that cannot be read or parsed.
    """
    file = Definitions(parse(path))
    reader = _Reader(file)
    nodes = sorted(
        (node for node in file.public() if ranking.may_be(node, role)),
        key=lambda node: ranking.rank(file, node, role),
    )
    return [reader.offer(f"{path}:{node.name}", node, role) for node in nodes]


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
        raise CatalogError(
            f"{path}: not a Python source ({str(error) or type(error).__name__})"
        ) from error


class _Reader:
    """Reads the signatures of a file's definitions."""

    def __init__(self, file: Definitions) -> None:
        self._file = file

    def offer(self, target: str, node: Definition, role: Role) -> Offer:
        """The offer of one definition."""
        doc = ast.get_docstring(node)
        is_class = isinstance(node, ast.ClassDef)
        fields, more = (
            self._class_fields(node) if isinstance(node, ast.ClassDef) else self._fields(node, doc)
        )
        return Offer(
            target=target,
            summary=docs.summary(doc),
            doc=docs.clean(doc),
            fields=skips.without(fields, role, "class" if is_class else "function"),
            kind="class" if is_class else "function",
            more=more,
        )

    def _class_fields(self, node: ast.ClassDef) -> tuple[tuple[Field, ...], bool]:
        """Of its own __init__, of a base's in this file, or of a dataclass's annotations."""
        for known in self._file.lineage(node):
            if decorated(known, "dataclass") or "NamedTuple" in base_names(known):
                return self._record_fields(node), False
            for statement in known.body:
                if isinstance(statement, Function) and statement.name == "__init__":
                    doc = "\n\n".join(
                        filter(None, (ast.get_docstring(node), ast.get_docstring(statement)))
                    )
                    return self._fields(statement, doc, method=True)
        return (), not self._file.is_known(node)

    def _record_fields(self, node: ast.ClassDef) -> tuple[Field, ...]:
        """A dataclass's fields, those of its bases first, as Python orders them."""
        found: dict[str, Field] = {}
        for known in reversed(list(self._file.lineage(node))):
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
                return field(
                    name,
                    annotation,
                    Default(text=ast.unparse(options["default_factory"]) + "()"),
                    self._file.enums,
                )
            value = options.get("default")
        return field(name, annotation, self._default(value), self._file.enums)

    def _fields(
        self, node: Function, doc: str | None, *, method: bool = False
    ) -> tuple[tuple[Field, ...], bool]:
        """The parameters that can be given by keyword, and whether there are `**kwargs` beside them."""
        spoken = docs.helps(doc)
        arguments = node.args
        by_place = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (len(by_place) - len(arguments.defaults))
        pairs = list(zip(by_place, [*missing, *arguments.defaults], strict=True))[
            1 if method else 0 :
        ]
        pairs = [pair for pair in pairs if pair[0] not in arguments.posonlyargs]
        pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        fields = tuple(
            field(
                argument.arg,
                ast.unparse(argument.annotation) if argument.annotation else "",
                self._default(default),
                self._file.enums,
                spoken.get(argument.arg, ""),
            )
            for argument, default in pairs
        )
        return fields, arguments.kwarg is not None

    def _default(self, node: ast.expr | None) -> Default:
        if node is None:
            return Default(given=False)
        if isinstance(node, ast.Attribute) and last_name(node.value) in self._file.enums:
            return Default(node.attr)
        try:
            value = literals.evaluate(node, self._file.constants)
        except ValueError:
            return Default(text=ast.unparse(node))
        return Default(value) if is_plain(value) else Default(text=ast.unparse(node))
