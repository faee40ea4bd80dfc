"""Asks a process of its own what this machine has: torch is not for front ends, and its import may crash."""

import subprocess
import sys

import msgspec

from lrtui.launch.process import exit_words
from lrtui.protocol import Findings

_PATIENCE_SECONDS = 180.0


def findings(patience: float = _PATIENCE_SECONDS) -> Findings | str:
    """What it found, or in one line why it found nothing."""
    command = [sys.executable, "-P", "-m", "lrtui.worker.machine"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False
        )
        return msgspec.json.decode(done.stdout, type=Findings)
    except subprocess.TimeoutExpired:
        return f"torch gave no answer within {patience:g} s"
    except OSError as error:
        return f"no process can be started: {error.strerror}"
    except msgspec.DecodeError:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        return f"torch cannot be used: its process {exit_words(done.returncode)}{': ' + words[-1] if words else ''}"
