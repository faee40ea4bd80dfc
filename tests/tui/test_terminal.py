"""Redirected streams are refused, and the terminal is restored however the app ends."""

import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ptyprocess
import pyte
import pytest

from lrtui.shell.signals import ENDING

HERE = Path(__file__).parent
COMMAND = [sys.executable, str(HERE / "terminal_child.py")]
LEFT = {  # what switches a terminal mode on, and what must switch it off at the end
    b"\x1b[?1049h": b"\x1b[?1049l",
    b"\x1b[?25l": b"\x1b[?25h",
    b"\x1b[?1003h": b"\x1b[?1003l",
    b"\x1b[?2004h": b"\x1b[?2004l",
}


def environment(**more: str) -> dict[str, str]:
    path = f"{HERE.parents[1]}{os.pathsep}{HERE}"
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": path, **more}


class Terminal:
    """A child in a pseudo-terminal, with a screen that can be read."""

    def __init__(self, variant: str = "", **more: str) -> None:
        self.child = ptyprocess.PtyProcess.spawn(
            [*COMMAND, variant], env=environment(**more), dimensions=(30, 100)
        )
        self.screen = pyte.Screen(100, 30)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""

    def read(self, seconds: float = 0.1) -> bool:
        """Read what the child wrote; False when nothing came, or when it has ended."""
        if not select.select([self.child.fd], [], [], seconds)[0]:
            return False
        try:
            data = self.child.read(1 << 16)
        except EOFError:
            return False
        self.written += data
        # pyte knows no kitty keys
        self.stream.feed(data.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b""))
        return True

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, f"the state never came; the screen:\n{self.text}"
            self.read()

    def painted(self) -> None:
        self.until(lambda: "done: all iterations ran" in self.text)

    def ended(self) -> int:
        """The exit code, or minus the signal, once it has ended."""
        self.until(lambda: not self.child.isalive())
        while self.read():
            pass
        if self.child.signalstatus is not None:
            return -int(self.child.signalstatus)
        return int(self.child.exitstatus)

    def given_back(self) -> bool:
        return all(
            self.written.rfind(on) < self.written.rfind(off)
            for on, off in LEFT.items()
            if on in self.written
        )


Start = Callable[..., Terminal]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Terminal] = []

    def begin(how: str = "", **more: str) -> Terminal:
        started.append(Terminal(how, **more))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.child.terminate(force=True)


def test_q_leaves_with_zero_and_the_terminal_as_it_was(start: Start) -> None:
    terminal = start()
    terminal.painted()
    terminal.child.write(b"q")
    assert terminal.ended() == 0
    assert terminal.given_back()


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGXCPU,
        signal.SIGRTMIN,
    ],
)
def test_a_signal_gives_the_terminal_back_and_sets_the_exit_code(
    start: Start, number: signal.Signals
) -> None:
    terminal = start()
    before = termios.tcgetattr(terminal.child.fd)
    terminal.painted()
    assert termios.tcgetattr(terminal.child.fd) != before
    terminal.child.kill(number)
    assert terminal.ended() == 128 + number
    assert terminal.given_back()
    assert termios.tcgetattr(terminal.child.fd) == before


# sends each signal to a child and prints the numbers of those that end it
TRY_ALL = """
import os, signal
os.setsid()  # no signal that stops a process does so in a group without a shell
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    child = os.fork()
    if not child:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        os._exit(0)
    if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
        print(int(number))
"""


def test_every_signal_that_ends_a_process_is_one_that_ends_the_app_in_order() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRY_ALL],
        capture_output=True,
        timeout=60,
        check=True,
    )
    faults = {signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV}
    ignored_by_python = {signal.SIGPIPE, signal.SIGXFSZ}
    assert set(map(int, done.stdout.split())) - faults - ignored_by_python == set(ENDING)


def test_a_signal_ends_the_app_even_where_the_terminal_takes_no_more_output(start: Start) -> None:
    terminal = start()
    before = termios.tcgetattr(terminal.child.fd)
    terminal.painted()
    for lines in range(20, 60):  # nobody reads what it draws
        terminal.child.setwinsize(lines, 200)
        time.sleep(0.02)
    terminal.child.kill(signal.SIGTERM)
    deadline = time.monotonic() + 60
    while terminal.child.isalive():
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.02)
    assert terminal.child.exitstatus == 128 + signal.SIGTERM
    assert termios.tcgetattr(terminal.child.fd) == before


def test_a_crash_is_an_exit_code_of_one(start: Start) -> None:
    terminal = start("crash")
    terminal.painted()
    terminal.child.write(b"q")
    assert terminal.ended() == 1
    assert terminal.given_back()


def test_a_terminal_that_goes_away_ends_the_app_even_when_no_signal_says_so(start: Start) -> None:
    terminal = start("ignore-hangup")
    terminal.painted()
    os.close(terminal.child.fd)
    deadline = time.monotonic() + 30
    while os.waitpid(terminal.child.pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "it still runs, without a terminal"
        time.sleep(0.02)
    terminal.child.terminated = terminal.child.closed = True


def test_after_a_stop_and_fg_the_screen_is_drawn_again(start: Start) -> None:
    terminal = start()
    terminal.painted()
    terminal.child.kill(signal.SIGTSTP)
    terminal.until(lambda: "\x1b[?1049l" in terminal.written.decode(errors="replace"))
    # a SIGCONT before it has really stopped would be lost
    state = Path(f"/proc/{terminal.child.pid}/stat")
    terminal.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
    terminal.screen.reset()
    terminal.child.kill(signal.SIGCONT)
    terminal.painted()


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_redirected_stream_is_refused_in_one_line(stream: str) -> None:
    leader, follower = os.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), follower)
    streams[stream] = subprocess.PIPE if stream == "stderr" else subprocess.DEVNULL
    done = subprocess.run(
        [*COMMAND, ""],
        env=environment(),
        timeout=60,
        check=False,
        stdin=streams["stdin"],
        stdout=streams["stdout"],
        stderr=streams["stderr"],
    )
    said = done.stderr or b""
    if stream != "stderr":
        said = os.read(leader, 10_000)
    os.close(leader)
    os.close(follower)
    assert done.returncode == 2
    assert said.strip().count(b"\n") == 0
    assert stream.encode() in said
    assert b"lrtui run" in said


def test_a_dumb_terminal_is_refused_in_one_line(start: Start) -> None:
    terminal = start(TERM="dumb")
    assert terminal.ended() == 2
    assert b"dumb" in terminal.written
    assert b"\x1b" not in terminal.written


def test_no_colour_writes_no_colour(start: Start) -> None:
    terminal = start(NO_COLOR="1")
    terminal.painted()
    terminal.child.write(b"ss")
    terminal.until(lambda: "┃" in terminal.text)
    assert b"\x1b[38;" not in terminal.written
    assert b"\x1b[48;" not in terminal.written
    assert not any(f"[1;{colour}".encode() in terminal.written for colour in range(30, 38))
