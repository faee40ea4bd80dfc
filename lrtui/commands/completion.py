"""`lrtui completion`: what a shell needs to complete commands, options and ids of runs."""

import contextlib
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from lrtui import paths
from lrtui.catalog.offers import Role
from lrtui.commands.streams import USAGE, note, printable, put, say

if TYPE_CHECKING:
    from lrtui.runs.index import Entry

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_LRTUI_COMPLETE"
_MOST = 200  # runs that are offered

_INSTALL = {
    "bash": 'add to ~/.bashrc:   eval "$(lrtui completion bash)"',
    "zsh": 'add to ~/.zshrc, after compinit:   eval "$(lrtui completion zsh)"',
    "fish": "lrtui completion fish > ~/.config/fish/completions/lrtui.fish",
}


# click's own forgets what it has found where files are offered too, and breaks words at colons
_BASH = r"""
_lrtui_completion() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} words word begun="" type value
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    word=${words[-1]#--*=}
    # readline replaces what comes after the last colon
    [[ $COMP_WORDBREAKS == *:* ]] && begun=${word%"${word##*:}"}
    IFS=$'\n'
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("${value#"$begun"}") ;;
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
        esac
    done < <(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \
        _LRTUI_COMPLETE=bash_complete "$1")
}
complete -o nosort -F _lrtui_completion lrtui
"""


def completion(command: click.Command, shell: str | None) -> int:
    """Print the script of a shell, by default the user's own; returns the exit code."""
    shell = shell or Path(os.environ.get("SHELL", "")).name
    completer = get_completion_class(shell)
    if completer is None or shell not in SHELLS:
        return say(f"name the shell: {', '.join(SHELLS)}", USAGE)
    if sys.stdout.isatty():  # not in each shell that begins with `eval "$(lrtui completion …)"`
        note(f"# {_INSTALL[shell]}")
    if shell == "bash":
        return put(_BASH.strip().splitlines())
    script = completer(command, {}, "lrtui", _VARIABLE)
    return put(script.source().splitlines())


def complete_runs(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids that begin so, with what was run, newest first, and files; with `--undo` deleted."""
    from lrtui.runs.find import beginning_with
    from lrtui.runs.index import entries, read_entry

    prefix = incomplete.upper()
    if context.params.get("undo"):
        deleted = beginning_with(paths.trash(), prefix, "*.json")
        return [_item(read_entry(path)) for path in deleted]
    found = []
    with contextlib.suppress(OSError):  # a shell has no place for an error
        for entry in islice(entries(), _MOST):
            if entry.id.startswith(prefix):
                found.append(_item(entry))
    return [*found, CompletionItem(incomplete, type="file")]


def _item(entry: "Entry") -> CompletionItem:
    words = filter(None, (entry.name, entry.model, entry.optimizer))
    return CompletionItem(entry.id, help=printable(" · ".join(words)))


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


def complete_formats(incomplete: str) -> list[CompletionItem]:
    """The formats of an export that begin so, with what they are; and files."""
    from lrtui.export.formats import FILES, OTHERS

    formats = {**FILES, **OTHERS}
    found = [CompletionItem(one, help=what) for one, what in formats.items()]
    found = [item for item in found if item.value.startswith(incomplete)]
    return [*found, CompletionItem(incomplete, type="file")]


def complete_targets(role: Role, incomplete: str) -> list[CompletionItem]:
    """What a file offers, after its colon; before one what lrtui offers, and files."""
    where, colon, _ = incomplete.rpartition(":")
    found = [item for item in _targets(role, where) if item.value.startswith(incomplete)]
    return found if colon else [*found, CompletionItem(incomplete, type="file")]


def _targets(role: Role, where: str) -> Iterator[CompletionItem]:
    from lrtui.catalog.errors import CatalogError
    from lrtui.catalog.source.reader import offers_in_file
    from lrtui.catalog.targets import OWN, locate

    for name, own in OWN.items():
        if own.role == role:
            yield CompletionItem(f"lrtui:{name}")
    path = locate(where)
    if path is None:
        return
    with contextlib.suppress(CatalogError):
        for offer in offers_in_file(path, role):
            name = offer.target.rpartition(":")[2]
            yield CompletionItem(f"{where}:{name}", help=printable(offer.summary))
