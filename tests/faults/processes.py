"""Commands as processes of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START = [sys.executable, "-m", "lrtui.cli"]

Done = subprocess.CompletedProcess[bytes]


def lrtui(
    *arguments: str | bytes | Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Done:
    """A command that has ended; its output may be any bytes."""
    return subprocess.run(
        [*START, *arguments],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=cwd,
    )


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal."""
    (line,) = re.findall(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    return bool(int(line, 16) >> (number - 1) & 1)


def lrtui_after(code: str, *arguments: str | bytes | Path) -> Done:
    """The same, after Python code has run in its process: a fault is put in before it starts."""
    script = f"import sys\n{code}\nsys.argv = ['lrtui', *sys.argv[1:]]\n"
    script += "from lrtui.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        check=False,
        timeout=120,
        cwd=ROOT,
    )
