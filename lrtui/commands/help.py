"""`lrtui help`: the documentation, Markdown files of this package.

A terminal gets them drawn, in a pager where they are longer than the screen. Elsewhere they are
printed as they are.
"""

import os
import re
import sys
from difflib import get_close_matches
from importlib.resources import files
from shutil import get_terminal_size
from textwrap import wrap

import click
from click.shell_completion import CompletionItem

from lrtui.commands.streams import USAGE, put, say
from lrtui.shell.ascii import ascii_text
from lrtui.shell.streams import Stream

WIDEST = 100  # columns; longer lines are hard to read
_TOPIC = re.compile(r"^- \[(\w+)\]\(\w+\.md\): (.+)$", re.MULTILINE)  # a line of the index
_LINK = re.compile(r"\[([^\]]+)\]\((\w+)\.md\)")
_PAGER_FLAGS = "FRX"  # of less, as git sets them: no pager for a page, colours, no other screen


def topics() -> dict[str, str]:
    """What can be read, by name, with a line about it; in the order of the index."""
    return dict(_TOPIC.findall(text_of("README")))


def text_of(name: str) -> str:
    """The Markdown of a topic."""
    return files("lrtui").joinpath("docs", f"{name}.md").read_text("utf-8")


def list_topics() -> int:
    """Print the topics; returns the exit code."""
    listed = {**topics(), "COMMAND": "The flags of a command"}
    width = max(map(len, listed))
    lines: list[str] = []
    for name, about in listed.items():
        head = f"lrtui help {name:{width}}  "
        lines += wrap(about, _columns(), initial_indent=head, subsequent_indent=" " * len(head))
    return put(lines)


def _columns() -> int:
    """The width of the terminal; elsewhere lines are not broken."""
    if not sys.stdout.isatty():
        return 1000
    return max(40, get_terminal_size().columns)


def show_topic(name: str) -> int:
    """Print a topic, drawn where stdout is a terminal; returns the exit code."""
    known = topics()
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.7)
        hint = f"did you mean '{near[0]}'?" if near else "`lrtui help` lists the topics"
        return say(f"there is no topic '{name}': {hint}", USAGE)
    text = text_of(name)
    if not sys.stdout.isatty():
        return put(text.splitlines())
    return _page(drawn(text))


def drawn(text: str) -> str:
    """Markdown as a terminal shows it, with escape sequences for its colours."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.width = min(console.width, WIDEST)
    document = Markdown(_LINK.sub(_as_command, text), code_theme="ansi_dark", hyperlinks=False)
    with console.capture() as captured:
        console.print(document)
    return captured.get()


def complete_topics(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The topics that begin so, with what they are about."""
    known = topics().items()
    return [
        CompletionItem(name, help=about) for name, about in known if name.startswith(incomplete)
    ]


def _as_command(link: re.Match[str]) -> str:
    """A link to another topic as the command that prints it."""
    words, name = link.groups()
    command = f"`lrtui help {name}`"
    return command if words == name else f"{words} ({command})"


def _page(text: str) -> int:
    """Show text in the user's pager."""
    if isinstance(sys.stdout, Stream) and sys.stdout.ascii:
        text = ascii_text(text)
    os.environ.setdefault("LESS", _PAGER_FLAGS)
    click.echo_via_pager(text)
    return 0
