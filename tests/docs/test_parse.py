"""Every code block is of a known kind, and what it calls exists, also where it cannot run here."""

import ast
import re
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from lrtui import specfile
from lrtui.sweep import grid
from lrtui.tui.config import read_config
from tests.docs.blocks import DOCUMENTS, LANGUAGES, NEEDS, Block, blocks_of, fences, name_of
from tests.docs.commands import lines_in, parsed

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


def of(language: str, document: Path) -> list[Block]:
    return [block for block in blocks_of(document) if block.language == language]


@every_document
def test_each_block_is_found_and_says_what_it_is(document: Path) -> None:
    blocks = blocks_of(document)
    assert fences(document) == 2 * len(blocks)
    for block in blocks:
        assert block.language in LANGUAGES, block.where
        assert not block.needs or block.needs in NEEDS, block.where
        if block.language in ("python", "toml") and block.file:  # nobody sees the info string
            assert block.text.startswith(f"# {block.file}\n"), block.where


@every_document
def test_each_shell_line_is_one_that_the_commands_take(document: Path) -> None:
    for block in of("sh", document):
        checked = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True)
        assert checked.returncode == 0, f"{block.where}: {checked.stderr}"
        for words, _ in lines_in(block.text):
            try:
                parsed(words)
            except click.ClickException as error:
                pytest.fail(f"{block.where}: {' '.join(words)}: {error.format_message()}")
            except AssertionError as error:
                pytest.fail(f"{block.where}: {' '.join(words)}: {error}")


@every_document
def test_each_python_block_compiles_and_imports_what_exists(document: Path) -> None:
    for block in of("python", document):
        for node in ast.walk(ast.parse(block.text, block.where)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lrtui"):
                _check_import(node, block.where)


def _check_import(node: ast.ImportFrom, where: str) -> None:
    """Without importing it: an integration needs what it is for."""
    name = node.module or ""
    spec = find_spec(name)
    assert spec is not None, f"{where}: there is no module {name}"
    assert spec.origin is not None
    source = Path(spec.origin).read_text()
    for alias in node.names:
        assert re.search(rf"\b{alias.name}\b", source), f"{where}: {name} has no {alias.name}"


@every_document
def test_each_toml_block_can_be_read_as_what_it_is(document: Path, tmp_path: Path) -> None:
    for block in of("toml", document):
        path = tmp_path / (block.file or "block.toml")
        path.write_text(block.text)
        table = tomllib.loads(block.text)
        if path.name == "config.toml":
            read_config(path)
        elif "grid" in table:
            assert grid.read(path).expand(), block.where
        else:
            specfile.read(path)


def test_what_cannot_run_here_is_not_much() -> None:
    blocks = [block for document in DOCUMENTS for block in blocks_of(document)]
    runnable = [block for block in blocks if block.language in ("python", "sh")]
    assert sum(bool(block.needs) for block in runnable) < len(runnable) / 3


@pytest.mark.parametrize(
    "line",
    [
        "lrtui run --num-iters 3",
        "srun lrtui run --schedule up",
        "lrtui shwo x",
        "frobnicate",
        "pip install 'lrtui[x]'",
        "python -m tests.gone",
    ],
)
def test_a_wrong_line_is_found(line: str) -> None:
    ((words, _),) = lines_in(f"{line}  # a comment")
    with pytest.raises((click.ClickException, AssertionError)):
        parsed(words)
