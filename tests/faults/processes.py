"""Commands as processes of their own."""

import os
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
