"""A text is said to be copied only where that is known; elsewhere it is shown for selecting."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import tests.tui.terminal_child
from lrtui.tui.clipboard import Way, copied_by, ways
from tests.terminal.terminal import Terminal
from tests.tui.doubles import SPEC, FakeDriver, whole_run
from tests.tui.helpers import all_drawn, run_screen, screen_words, until
from tests.waiting import wait

CHILD = [sys.executable, tests.tui.terminal_child.__file__, ""]
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "TMUX": ""}
ARRIVES = "0.0032"


def programs(environ: Mapping[str, str], platform: str = "linux", without: str = "") -> list[str]:
    """The programs that are tried, in their order."""
    found = ways(environ, platform, lambda name: name != without)
    return [way.command[0] for way in found]


@pytest.mark.parametrize(
    ("environ", "platform", "tried"),
    [
        ({}, "linux", []),
        ({"DISPLAY": ":0"}, "linux", ["xclip", "xsel"]),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"]),
        ({"TMUX": "/tmp/tmux-0/default,1,0"}, "linux", ["tmux", "tmux"]),
        ({"TMUX": "x", "DISPLAY": ":0"}, "linux", ["xclip", "xsel", "tmux", "tmux"]),
        ({}, "darwin", ["pbcopy"]),
        ({"SSH_CONNECTION": "1 2 3 4"}, "darwin", []),
        ({"SSH_CONNECTION": "1 2 3 4", "DISPLAY": "localhost:10.0"}, "linux", ["xclip", "xsel"]),
    ],
)
def test_the_environment_decides_what_is_tried(
    environ: dict[str, str], platform: str, tried: list[str]
) -> None:
    assert programs(environ, platform) == tried


def test_only_installed_programs_are_tried() -> None:
    assert programs({"DISPLAY": ":0"}, without="xclip") == ["xsel"]


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_way_that_fails_hangs_or_is_gone_is_followed_by_the_next(tmp_path: Path) -> None:
    program(tmp_path, "fails", "cat >/dev/null; exit 1")
    program(tmp_path, "hangs", "exec sleep 100")
    program(tmp_path, "works", f"cat > {tmp_path}/copied; (sleep 100) & exit 0")
    tried = [Way((str(tmp_path / name),), name) for name in ("fails", "hangs", "gone", "works")]
    used = copied_by(tried, "max_lr=1\nsecond")
    assert used is not None
    assert used.where == "works"
    assert (tmp_path / "copied").read_text() == "max_lr=1\nsecond"
    assert copied_by(tried[:3], "text") is None


async def test_without_a_way_it_is_sent_and_shown_until_the_next_key() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("y")
        await until(pilot, lambda: "select it here" in screen_words(screen.app))
        assert screen.app.clipboard == ARRIVES
        assert f"here: {ARRIVES} " in screen_words(screen.app)
        assert "copied" not in screen_words(screen.app)
        await pilot.press("b")  # the key does its work too
        await until(pilot, lambda: "base_lr=0.0002, max_lr=0.2" in screen_words(screen.app))
        assert screen_words(screen.app).count("select it here") == 1
        await pilot.press("s")
        await until(pilot, lambda: "select it here" not in screen_words(screen.app))


def test_a_terminal_gets_the_sequence_and_the_person_the_text(tmp_path: Path) -> None:
    with Terminal(CHILD, tmp_path, {**NO_DISPLAY, "PYTHONPATH": str(Path.cwd())}) as app:
        app.wait_for("done: all iterations ran")
        app.press("y")
        text = app.wait_for("select it here", rf"(?m)^{ARRIVES}$")
        assert "copied" not in text
        sent = base64.b64encode(ARRIVES.encode())
        assert b"\x1b]52;c;" + sent in app.written


def test_a_command_that_has_copied_is_known(tmp_path: Path) -> None:
    program(tmp_path, "xclip", f"cat > {tmp_path}/copied")
    env = {
        **NO_DISPLAY,
        "DISPLAY": ":7",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path.cwd()),
    }
    with Terminal(CHILD, tmp_path, env) as app:
        app.wait_for("done: all iterations ran")
        app.press("y")
        text = app.wait_for("copied lr 3.20e-03")
        assert "select it here" not in text
        assert (tmp_path / "copied").read_text() == ARRIVES
        assert b"\x1b]52;" not in app.written


class Tmux:
    """A tmux server of its own, with its defaults."""

    def __init__(self, folder: Path) -> None:
        self.base = ["tmux", "-S", str(folder / "socket"), "-f", "/dev/null"]

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self.base, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    server = Tmux(tmp_path)
    yield server
    server("kill-server")


def test_in_tmux_it_is_in_tmuxs_buffer_and_that_is_said(tmux: Tmux, tmp_path: Path) -> None:
    env = [f"{name}={value}" for name, value in NO_DISPLAY.items() if name != "TMUX"]
    env += [f"PYTHONPATH={Path.cwd()}", f"LRTUI_HOME={tmp_path}"]
    tmux("new-session", "-d", "-x", "100", "-y", "30", "env", *env, *CHILD)
    assert tmux("show-options", "-sv", "set-clipboard").strip() == "external"
    wait(lambda: "done: all iterations ran" in tmux("capture-pane", "-p"))
    tmux("send-keys", "y")
    wait(lambda: "prefix ] pastes it" in " ".join(tmux("capture-pane", "-p").split()))
    assert tmux("show-buffer") == ARRIVES
