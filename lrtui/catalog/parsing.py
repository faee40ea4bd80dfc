"""Python's parser without its warnings: they quote the source, escape sequences and all."""

import ast
import warnings
from typing import Literal, overload


@overload
def parse(source: str, filename: str = ..., mode: Literal["exec"] = ...) -> ast.Module: ...
@overload
def parse(source: str, filename: str = ..., *, mode: Literal["eval"]) -> ast.Expression: ...
def parse(source: str, filename: str = "<source>", mode: str = "exec") -> ast.AST:
    """The syntax tree; raises what `ast.parse` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, filename, mode)
