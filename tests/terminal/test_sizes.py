"""Terminals of any size: the app is drawn on a sane part of them and answers at once."""

import os
import re
import threading
from pathlib import Path
from typing import Self

import pytest
from ptyprocess import PtyProcess

from tests.terminal.terminal import environment, lrtui_argv
from tests.waiting import wait

MOST_MEGABYTES = 300
MOST_CPU_SECONDS = 6  # 1 where nothing else runs; 43 when all cells of 3000×1000 were drawn


class Wide:
    """The app on a pty without a screen behind it: no screen for tests has so many cells."""

    def __init__(self, columns: int, lines: int, *arguments: str) -> None:
        self.process = PtyProcess.spawn(
            lrtui_argv(*arguments), env=environment({}), dimensions=(lines, columns)
        )
        self.written = b""
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate(force=True)

    def resize(self, columns: int, lines: int) -> None:
        self.process.setwinsize(lines, columns)

    def press(self, keys: str) -> None:
        self.process.write(keys.encode())

    def wait_for(self, pattern: str, since: int = 0) -> None:
        wait(lambda: re.search(pattern, self.written[since:].decode(errors="replace")))

    def megabytes(self) -> int:
        """The most memory that the app has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    def cpu_seconds(self) -> float:
        """The processor time of the app, without its worker's."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        while True:
            try:
                self.written += os.read(self.process.fd, 1 << 16)
            except OSError:
                return


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(("columns", "lines"), [(30000, 30000), (0, 0)])
def test_any_size_is_drawn_on_and_q_is_answered(columns: int, lines: int) -> None:
    with Wide(columns, lines, "--num-iter", "1000000", "--end-lr", "1e-6") as app:
        app.wait_for("runs")
        app.press("\r")
        app.wait_for("1000000")
        for size in ((30000, 30000), (1, 1), (2000, 3), (0, 0), (500, 400), (columns, lines)):
            app.resize(*size)
        before, since = app.cpu_seconds(), len(app.written)
        app.press("q")
        app.wait_for("leave lrtui", since)
        app.press("\r")
        app.wait_for(r"\x1b\[\?1049l", since)
        assert app.cpu_seconds() - before < MOST_CPU_SECONDS
        assert app.megabytes() < MOST_MEGABYTES


def test_one_cell_is_enough_to_stay_alive() -> None:
    with Wide(1, 1) as app:
        app.wait_for(r"\x1b\[\?2004h")
        since = len(app.written)
        app.resize(100, 30)
        app.wait_for("runs", since)
        app.press("q")
        app.wait_for(r"\x1b\[\?1049l", since)
