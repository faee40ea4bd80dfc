"""A real SSH server on loopback, with throw-away keys; tests that need one skip without it."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lrtui.keeper.descendants import descendants, name_of
from tests.faults.processes import ROOT, START
from tests.waiting import wait

NAME = "box"  # what it is called in ssh's config
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
PidFile none
"""
_CLIENT = """\
Host {box}
HostName 127.0.0.1
Port {port}
User root
IdentityFile {folder}/user
IdentitiesOnly yes
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
"""


def missing() -> str:
    """Why there can be no SSH server here; "" where there can be."""
    for tool in (SSHD, "ssh", "ssh-keygen"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (Debian: openssh-server, openssh-client)"
    if os.getuid() != 0:
        return "sshd lets only root log in others"
    return ""


class Server(NamedTuple):
    """A server that runs: its process, and the ssh config with which `-F` reaches it as `box`."""

    pid: int
    config: Path

    def cut(self) -> None:
        """Kill the processes of its connections; what was started in them is left alone."""
        for pid in descendants(self.pid):
            if name_of(pid).startswith("sshd"):
                os.kill(pid, signal.SIGKILL)


class Box:
    """The other machine: a home of its own, and the way there."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.home = folder / "home-there"
        there = {"LRTUI_HOME": str(self.home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        words = [f"{name}={shlex.quote(value)}" for name, value in there.items()]
        self.command = f"env {' '.join(words)} {shlex.join([sys.executable, '-P', *START[1:]])}"
        self.flags = ["--host", NAME, "--host-command", self.command]
        self.env = {"PATH": f"{ssh_command(folder, server.config)}{os.pathsep}{os.environ['PATH']}"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`lrtui run` on it."""
        return subprocess.Popen(
            [*START, "run", *self.flags, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.env},
            start_new_session=True,  # no terminal
        )

    def records(self) -> list[Path]:
        return list((self.home / "runs").glob("*.json"))

    def journals(self) -> list[Path]:
        return list((self.home / "runs").glob("*.jsonl"))


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Server]:
    """Run a server for root."""
    if missing():
        pytest.skip(missing())
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it
    for name in ("host", "user"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(make, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = folder / "sshd_config"
    settings.write_text(_SERVER.format(port=port, folder=folder))
    config = folder / "ssh_config"
    config.write_text(_CLIENT.format(box=NAME, port=port, folder=folder))
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(settings)], stderr=log)
        try:
            wait(lambda: _is_listening(port))
            yield Server(server.pid, config)
        finally:
            server.terminate()
            server.wait()


def ssh_command(folder: Path, config: Path) -> Path:
    """A folder for PATH, whose `ssh` reads this config: ssh's own is where HOME does not say."""
    bin = folder / "bin"
    bin.mkdir()
    script = bin / "ssh"
    script.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {config} "$@"\n')
    script.chmod(0o755)
    return bin


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
