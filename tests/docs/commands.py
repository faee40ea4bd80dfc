"""Shell lines of the documentation, parsed against the real commands."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from lrtui.cli import lrtui
from tests.docs.blocks import ROOT

# What a line may call beside lrtui.
OTHERS = ("ssh", "scp", "tmux", "sbatch", "squeue", "gh", "jq", "git", "export", "kill", "nvcc")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


class Command(NamedTuple):
    """One command of lrtui, as click has parsed it. `name` is "" for the app."""

    words: list[str]
    name: str
    params: dict[str, Any]


class Line(NamedTuple):
    """The words of one simple command, and the file that its output goes to; "" for none."""

    words: list[str]
    output: str = ""


def lines_in(text: str) -> Iterator[Line]:
    """The simple commands of a shell block."""
    text = re.sub(r'"\$\((.*?)\)"', r" ; \1 ", text.replace("\\\n", " "))
    for line in re.sub(r" 2> *\S+", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.commenters = "#"
        lexer.whitespace_split = True
        words, output = Line([]), False
        for word in lexer:
            if output:
                words, output = words._replace(output=word), False
            elif word in (">", ">>"):
                output = True
            elif set(word) <= set("();<>|&"):
                yield words
                words = Line([])
            else:
                words.words.append(word)
        yield words


def parsed(words: list[str]) -> Command | None:
    """The command of lrtui in these words; None for another program's.

    Raises:
        click.ClickException: the command does not exist, or a flag of it.
        AssertionError: a program, an extra or a module that nobody knows.
    """
    words = _without_prefix(words)
    if not words:
        return None
    if words[0] == "lrtui":
        return _of_lrtui(words[1:])
    if words[0] == "pip":
        _check_pip(words)
    elif words[0] in ("python", "torchrun"):
        _check_python(words)
    elif words[0] == "pytest":
        pass
    else:
        assert words[0] in OTHERS, f"what is {words[0]}?"
    return None


def _without_prefix(words: list[str]) -> list[str]:
    """The words from the program on: no variables, and nothing that only starts another program."""
    while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in ("eval", "nohup", "exec")):
        words = words[1:]
    starts_lrtui = words[:1] in (["srun"], ["ssh"], ["tmux"]) and "lrtui" in words
    return words[words.index("lrtui") :] if starts_lrtui else words


def _of_lrtui(words: list[str]) -> Command:
    group = lrtui.make_context("lrtui", list(words))
    name = (group._protected_args or [""])[0]
    if not name:
        return Command(words, "", group.params)
    _, command, _ = lrtui.resolve_command(group, [name])
    assert command is not None
    context = command.make_context(name, list(group.args), parent=group)
    return Command(words, name, context.params)


def _check_pip(words: list[str]) -> None:
    for word in words:
        match = re.fullmatch(r"(?:lrtui|\.)\[(.+)\]", word)
        for extra in match[1].split(",") if match else ():
            assert extra in EXTRAS, f"there is no extra {extra}"


def _check_python(words: list[str]) -> None:
    if "-m" in words:
        module = words[words.index("-m") + 1]
        assert find_spec(module), f"there is no module {module}"
