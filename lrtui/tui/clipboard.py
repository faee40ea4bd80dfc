"""The clipboard: which ways there are to it, and whether a text is known to have arrived.

A terminal may ignore the escape sequence that sets its clipboard (OSC 52), and so does tmux with
its default `set-clipboard external`; neither says so. A command that ends with 0 has copied.
"""

import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

_SECONDS = 1.0  # a command that hangs, such as xclip with a display that is gone, is given up
_CLIPBOARD = ""
_TMUX = "tmux's buffer: prefix ] pastes it"


class Way(NamedTuple):
    """A command that takes a text on its stdin, and what that text is in then."""

    command: tuple[str, ...]
    where: str  # "": the clipboard


_WAYLAND = (Way(("wl-copy",), _CLIPBOARD),)
_X11 = (
    Way(("xclip", "-selection", "clipboard", "-in"), _CLIPBOARD),
    Way(("xsel", "--clipboard", "--input"), _CLIPBOARD),
)
_MAC = (Way(("pbcopy",), _CLIPBOARD),)
_IN_TMUX = (
    Way(("tmux", "load-buffer", "-w", "-"), _TMUX),  # -w: the terminal's clipboard too, if allowed
    Way(("tmux", "load-buffer", "-"), _TMUX),  # before tmux 3.2
)


def ways(
    environ: Mapping[str, str], platform: str, installed: Callable[[str], object]
) -> list[Way]:
    """The commands that may copy here, the best first; none: only the terminal can be asked.

    Args:
        environ: the environment variables.
        platform: as `sys.platform`.
        installed: whether there is a program of this name.
    """
    candidates: list[Way] = []
    if environ.get("WAYLAND_DISPLAY"):
        candidates += _WAYLAND
    if environ.get("DISPLAY"):
        candidates += _X11
    # over SSH it would be the clipboard of the other machine
    if platform == "darwin" and not environ.get("SSH_CONNECTION"):
        candidates += _MAC
    if environ.get("TMUX"):
        candidates += _IN_TMUX
    return [way for way in candidates if installed(way.command[0])]


def copied_by(candidates: Iterable[Way], text: str) -> Way | None:
    """Try one way after the other; the first that has copied, or None. May take seconds."""
    for way in candidates:
        if _copies(way.command, text):
            return way
    return None


def _copies(command: tuple[str, ...], text: str) -> bool:
    try:
        # xclip stays behind and would hold a pipe open
        done = subprocess.run(  # noqa: S603 # nosec B603 # a fixed command; the text is its stdin
            command,
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
