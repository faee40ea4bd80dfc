"""Offers of a Python file, by parsing it. Nothing is executed: the file may be anybody's."""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from lrtui.catalog import parsing, ranking
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import Default, is_plain, last_name, make_field
from lrtui.catalog.offers import Field, Offer, Role, Signature
from lrtui.catalog.reserved import without_reserved
from lrtui.catalog.source import docs, literals
from lrtui.catalog.source.definitions import (
    Definition,
    Definitions,
    Function,
    base_names,
    decorated,
)
from lrtui.files import read_file


def offers_in_file(path: Path, role: Role = "model") -> list[Offer]:
    """The public functions and classes that a file defines, the likeliest for the role first.

    Raises:
        CatalogError: the file cannot be read or parsed.
    """
    file = Definitions(parse(path))
    nodes = [node for node in file.public() if ranking.may_be(node, role)]
    nodes.sort(key=lambda node: ranking.rank(file, node, role))
    return _offers(path, file, nodes, role)


def models_in_file(path: Path) -> list[Offer]:
    """The classes of a file that are an nn.Module, and the functions that make one.

    Raises:
        CatalogError: the file cannot be read or parsed.
    """
    file = Definitions(parse(path))
    return _offers(path, file, ranking.models(file), "model")


def _offers(path: Path, file: Definitions, nodes: Iterable[Definition], role: Role) -> list[Offer]:
    reader = _Reader(file)
    return [reader.offer(f"{path}:{node.name}", node, role) for node in nodes]


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file; CatalogError, with the line of a syntax error, if it has none."""
    try:
        content = read_file(path)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return parsing.parse(content.decode(encoding), str(path))
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error
    except SyntaxError as error:
        raise CatalogError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise CatalogError(f"{path}: this is not Python source ({reason})") from error


class _Reader:
    """Reads the signatures of a file's definitions."""

    def __init__(self, file: Definitions) -> None:
        self._file = file

    def offer(self, target: str, node: Definition, role: Role) -> Offer:
        """The offer of one definition."""
        doc = ast.get_docstring(node)
        kind: Literal["class", "function"]
        if isinstance(node, ast.ClassDef):
            kind, signature = "class", self._class_signature(node)
        else:
            kind, signature = "function", self._signature(node, doc)
        return Offer(
            target=target,
            summary=docs.summary(doc),
            doc=docs.clean(doc),
            fields=without_reserved(signature.fields, role, kind),
            kind=kind,
            more=signature.more,
        )

    def _class_signature(self, node: ast.ClassDef) -> Signature:
        """From the class's __init__, that of a base in this file, or a dataclass's annotations."""
        for ancestor in self._file.lineage(node):
            if decorated(ancestor, "dataclass") or "NamedTuple" in base_names(ancestor):
                return Signature(self._record_fields(node), more=False)
            init = _init_of(ancestor)
            if init is not None:
                parts = [ast.get_docstring(node), ast.get_docstring(init)]
                doc = "\n\n".join(part for part in parts if part)
                return self._signature(init, doc, method=True)
        return Signature((), more=not self._file.is_known(node))

    def _record_fields(self, node: ast.ClassDef) -> tuple[Field, ...]:
        """The fields of a dataclass or NamedTuple, those of its bases first."""
        fields: dict[str, Field] = {}
        for ancestor in reversed(list(self._file.lineage(node))):
            for statement in ancestor.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    self._add_record_field(fields, statement.target.id, statement)
        return tuple(fields.values())

    def _add_record_field(
        self, fields: dict[str, Field], name: str, statement: ast.AnnAssign
    ) -> None:
        annotation = ast.unparse(statement.annotation)
        if annotation.split("[")[0].endswith("ClassVar"):
            return
        options = _field_options(statement.value)
        if options is None:
            default = self._default(statement.value)
        elif _is_false(options.get("init")):
            return
        elif "default_factory" in options:
            default = Default(text=ast.unparse(options["default_factory"]) + "()")
        else:
            default = self._default(options.get("default"))
        fields[name] = make_field(name, annotation, default, self._file.enums)

    def _signature(self, node: Function, doc: str | None, *, method: bool = False) -> Signature:
        """The parameters that can be given by keyword; `method` leaves out `self`."""
        help_texts = docs.helps(doc)
        fields = []
        for argument, default in _keyword_parameters(node.args, method=method):
            annotation = ast.unparse(argument.annotation) if argument.annotation else ""
            fields.append(
                make_field(
                    argument.arg,
                    annotation,
                    self._default(default),
                    self._file.enums,
                    help_texts.get(argument.arg, ""),
                )
            )
        return Signature(tuple(fields), more=node.args.kwarg is not None)

    def _default(self, node: ast.expr | None) -> Default:
        if node is None:
            return Default(given=False)
        if isinstance(node, ast.Attribute) and last_name(node.value) in self._file.enums:
            return Default(node.attr)
        try:
            value = literals.evaluate(node, self._file.constants)
        except ValueError:
            return Default(text=ast.unparse(node))
        if not is_plain(value):
            return Default(text=ast.unparse(node))
        return Default(value)


def _init_of(node: ast.ClassDef) -> Function | None:
    for statement in node.body:
        if isinstance(statement, Function) and statement.name == "__init__":
            return statement
    return None


def _keyword_parameters(
    arguments: ast.arguments, *, method: bool
) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Each parameter that can be given by keyword, with its default if it has one."""
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    defaults = [*[None] * required, *arguments.defaults]
    skipped = max(len(arguments.posonlyargs), int(method))
    yield from zip(positional[skipped:], defaults[skipped:], strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _field_options(value: ast.expr | None) -> dict[str | None, ast.expr] | None:
    """The keywords of `dataclasses.field(…)`; None for any other value."""
    if isinstance(value, ast.Call) and last_name(value.func) == "field":
        return {keyword.arg: keyword.value for keyword in value.keywords}
    return None


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
