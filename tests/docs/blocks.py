"""The code blocks of the README and of the topics of `lrtui help`."""

import re
from pathlib import Path
from typing import NamedTuple

import lrtui

ROOT = Path(__file__).parents[2]
TOPICS = Path(lrtui.__file__).parent / "docs"
DOCUMENTS = sorted([ROOT / "README.md", *TOPICS.glob("*.md")])


def name_of(document: Path) -> str:
    """`README`, or `docs/model`."""
    return document.stem if document.parent == ROOT else f"docs/{document.stem}"


LANGUAGES = ("python", "sh", "toml", "csv", "text")
# Why a block is parsed and not run.
NEEDS = {
    "terminal": "it opens the app, or tmux",
    "cuda": "it needs an NVIDIA GPU",
    "slurm": "it needs a Slurm cluster",
    "machines": "it needs several machines, or several GPUs",
    "network": "it downloads, or talks to a service",
    "install": "it installs packages",
    "time": "it takes minutes or hours",
}
_FENCE = re.compile(r"^```(\S*)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One code block.

    Attributes:
        where: `model.md:12`.
        file: the file that it is; "" for one that is run.
        needs: why it cannot run here; "" where it can.
        exits: the exit code of its last command.
    """

    where: str
    language: str
    words: tuple[str, ...]
    text: str
    file: str = ""
    needs: str = ""
    exits: int = 0


def blocks_of(document: Path) -> list[Block]:
    """The blocks of a document, in their order."""
    text = document.read_text("utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        where = f"{document.name}:{line}"
        found.append(_block(where, match[1], match[2].split(), match[3]))
    return found


def _block(where: str, language: str, words: list[str], text: str) -> Block:
    file, needs, exits = "", "", 0
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name == "needs":
            needs = value
        elif equals and name == "exits":
            exits = int(value)
        else:
            file = word
    return Block(where, language, tuple(words), text, file, needs, exits)


def fences(document: Path) -> int:
    """The lines of a document that begin or end a block."""
    return len(re.findall(r"^\s*```", document.read_text("utf-8"), re.MULTILINE))
