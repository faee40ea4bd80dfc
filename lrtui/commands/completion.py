"""`lrtui completion`: what a shell needs to complete commands, options and ids of runs."""

import contextlib
import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from lrtui.commands.streams import USAGE, note, printable, put, say

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_LRTUI_COMPLETE"
_MOST = 200  # runs that are offered

_INSTALL = {
    "bash": 'add to ~/.bashrc:   eval "$(lrtui completion bash)"',
    "zsh": 'add to ~/.zshrc, after compinit:   eval "$(lrtui completion zsh)"',
    "fish": "lrtui completion fish > ~/.config/fish/completions/lrtui.fish",
}


def completion(command: click.Command, shell: str | None) -> int:
    """Print the script of a shell, by default the user's own; returns the exit code."""
    shell = shell or Path(os.environ.get("SHELL", "")).name
    completer = get_completion_class(shell)
    if completer is None or shell not in SHELLS:
        return say(f"name the shell: {', '.join(SHELLS)}", USAGE)
    # its own `source` starts bash to check its version; ours is printed anywhere
    script = completer(command, {}, "lrtui", _VARIABLE)
    note(f"# {_INSTALL[shell]}")
    return put((script.source_template % script.source_vars()).splitlines())


def complete_runs(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids that begin so, with what was run, newest first; and files."""
    from itertools import islice

    from lrtui.runs.index import entries

    prefix = incomplete.upper()
    found = []
    with contextlib.suppress(OSError):  # a shell has no place for an error
        for entry in islice(entries(), _MOST):
            if entry.id.startswith(prefix):
                words = filter(None, (entry.name, entry.model, entry.optimizer))
                found.append(CompletionItem(entry.id, help=printable(" · ".join(words))))
    return [*found, CompletionItem(incomplete, type="file")]


def complete_running(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of the runs that go on and begin so."""
    from lrtui.record import RecordError
    from lrtui.runs.find import find_going_on

    try:
        return [CompletionItem(path.stem) for path in find_going_on(incomplete)]
    except (OSError, RecordError):
        return []
