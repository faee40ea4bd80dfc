"""Host: another machine, reached with the user's own ssh: its config, its keys, its prompts.

The first connection may ask on the terminal. It stays open as ssh's own master, so that workers
start without another question. Where there is no terminal nothing is asked.
"""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lrtui import __version__
from lrtui.catalog.searchpath import working_directory

COMMAND = "lrtui"  # as it is called there

_SSH_FAILED = 255
_PERSIST_SECONDS = 60  # the master stays without a worker; one usually ends as the next starts
_CONNECT_SECONDS = 20
_CLOSE_SECONDS = 3.0
_POLL_SECONDS = 0.02
_ALIVE = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
_VERSION = re.compile(r"^lrtui, version (\S+)\s*$", re.MULTILINE)


class HostError(Exception):
    """The machine cannot be used. One line."""


class Host:
    """A machine that ssh knows.

    Args:
        name: as ssh takes it: `box`, `user@box`, an alias of ssh's config.
        command: how lrtui is called there.

    Raises:
        HostError: the name is none that ssh takes, or there is no ssh.
    """

    def __init__(self, name: str, command: str = "") -> None:
        if not name or name.startswith("-") or any(not c.isprintable() or c == " " for c in name):
            raise HostError(f"--host: {name!r} is not a host: expected box or user@box")
        found = shutil.which("ssh")
        if found is None:
            raise HostError("--host: ssh is not installed on this machine")
        self.name = name
        self.command = command or COMMAND
        self._ssh = found
        self._folder: Path | None = None  # of the master's socket
        self._clients: list[subprocess.Popen[bytes]] = []

    @property
    def flags(self) -> Sequence[str]:
        """The flags that name this machine."""
        if self.command == COMMAND:
            return "--host", self.name
        return "--host", self.name, "--host-command", self.command

    def connect(self) -> None:
        """Log in, and see that the same lrtui is there. ssh may ask on the terminal.

        Raises:
            HostError: ssh fails, or lrtui is missing there, or another version.
        """
        # a short path: a socket's has to be
        self._folder = Path(tempfile.mkdtemp(prefix="lrtui-ssh-"))
        asks = _has_terminal()
        options = ["-o", "ControlMaster=auto", "-o", f"ControlPersist={_PERSIST_SECONDS}"]
        options += ["-o", f"ConnectTimeout={_CONNECT_SECONDS}"]
        if not asks:
            options += ["-o", "BatchMode=yes"]
        with tempfile.TemporaryFile() as errors:
            # on a terminal ssh speaks for itself; a pipe would be held open by the master
            stderr = None if asks else errors
            done = subprocess.run(  # noqa: S603 # nosec B603 # ssh, with a checked name
                [*self._argv(options), self._there("--version 2>&1")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                check=False,
            )
            errors.seek(0)
            said = errors.read()
        if done.returncode == _SSH_FAILED:
            why = last_line(said) or "its message is above"
            raise HostError(f"ssh to {self.name} failed: {why}")
        self._check_version(done)

    def client(self, messages: int, errors: int) -> subprocess.Popen[bytes]:
        """Start a relay there; its stdin is a pipe, and what it says goes to `messages`.

        Raises:
            OSError: ssh cannot be started.
        """
        options = ["-o", "ControlMaster=no", "-o", "BatchMode=yes"]
        client = subprocess.Popen(  # noqa: S603 # nosec B603 # ssh, with a checked name
            [*self._argv(options), self._there(f"relay {shlex.quote(str(_here()))}")],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=errors,
            start_new_session=True,  # Ctrl-C and a hang-up are for the front end alone
        )
        self._clients.append(client)
        return client

    def how_to_attach(self, run_id: str) -> str:
        """The command that goes on with a run there."""
        return f"ssh -t {self.name} {self.command} attach {run_id}"

    def close(self) -> None:
        """End the connection, once no worker needs it any more. One that was left goes on."""
        if self._folder is None:
            return
        deadline = time.monotonic() + _CLOSE_SECONDS
        while self._is_used() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if self._is_used():
            return  # ssh's master ends by itself
        with contextlib.suppress(OSError):
            subprocess.run(  # noqa: S603 # nosec B603 # ssh, with a checked name
                self._argv(["-O", "exit"]),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_used(self) -> bool:
        return any(client.poll() is None for client in self._clients)

    def _argv(self, options: list[str]) -> list[str]:
        control = ["-o", f"ControlPath={self._folder}/master"]
        return [self._ssh, "-T", *_ALIVE, *control, *options, "--", self.name]

    def _there(self, arguments: str) -> str:
        """A command line for any login shell."""
        return f"sh -c {shlex.quote(f'{self.command} {arguments}')}"

    def _check_version(self, done: subprocess.CompletedProcess[bytes]) -> None:
        found = _VERSION.search(done.stdout.decode(errors="replace"))
        if found is None:
            why = last_line(done.stdout) or f"exit code {done.returncode}"
            missing = f"there is no lrtui on {self.name}: `{self.command} --version` says: {why}"
            raise HostError(f"{missing} (--host-command says how it is called there)")
        if found[1] != __version__:
            advice = "install the same version on both"
            raise HostError(f"lrtui {found[1]} is on {self.name}, and {__version__} here: {advice}")


def last_line(said: bytes) -> str:
    """The last line that is not empty."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _here() -> Path:
    return working_directory() or Path.home()


def _has_terminal() -> bool:
    """Whether ssh could ask: it opens the terminal of the process, whatever stdin is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
