"""Asks a separate process what this machine has: the import of torch is slow, and it may crash."""

import subprocess
import sys

import msgspec

from lrtui.launch.process import exit_reason
from lrtui.protocol import Findings

_PATIENCE_SECONDS = 180.0


def findings(patience: float = _PATIENCE_SECONDS) -> Findings | str:
    """The findings, or one line that says why there are none within `patience` seconds."""
    command = [sys.executable, "-P", "-m", "lrtui.worker.machine"]
    try:
        done = subprocess.run(  # noqa: S603 # nosec B603 # our own module, no arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False
        )
        return msgspec.json.decode(done.stdout, type=Findings)
    except subprocess.TimeoutExpired:
        return f"torch gave no answer within {patience:g} s"
    except OSError as error:
        return f"no process can be started: {error.strerror}"
    except msgspec.DecodeError:
        return _failure(done)


def _failure(done: subprocess.CompletedProcess[bytes]) -> str:
    failure = f"torch cannot be used: its process {exit_reason(done.returncode)}"
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if not lines:
        return failure
    return f"{failure}: {lines[-1]}"
