"""Prints of every kind, and floods of them: counted, kept within bounds, and in nobody's way."""

from pathlib import Path

import pytest

from lrtui.events import Started
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.output import log as logs
from lrtui.output.log import KEPT, MOST, Log, Printed
from tests.events import of_kind
from tests.user_modules import module
from tests.waiting import wait
from tests.worker.conftest import driver
from tests.worker.driving import run, with_model

__all__ = ["driver"]

MIB = 1 << 20


def on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512


def filled(path: Path, mib: int) -> Log:
    """A log that was looked at after each MiB."""
    log = Log(path)
    with path.open("wb", buffering=0) as file:
        file.write(b"first line\n")
        for index in range(mib):
            line = b"%07d" % index
            file.write((line + b"x" * (1023 - len(line)) + b"\n") * 1024)
            log.look(now=True)
        file.write(b"last line\n")
    log.look(now=True)
    return log


@pytest.mark.parametrize("punches", [True, False])
def test_a_log_keeps_its_first_and_its_last_part_and_counts_every_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, punches: bool
) -> None:
    if not punches:
        monkeypatch.setattr(logs, "_punch", lambda *_: False)
    path = tmp_path / "worker.log"
    log = filled(path, 40)
    assert log.lines == 40 * 1024 + 2
    assert not log.uncounted
    assert on_disk(path) <= MOST + MIB
    log.close()
    text = path.read_bytes()
    assert len(text) <= MOST
    assert text.startswith(b"first line\n0000000")
    assert text.endswith(b"last line\n")
    assert b"MB are left out here" in text
    assert b"\0" not in text
    assert b"\n0000003" in text
    assert b"\n0000039" in text


def test_a_short_log_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"one\ntwo\n")
    log = Log(path)
    log.close()
    assert (path.read_bytes(), log.lines) == (b"one\ntwo\n", 2)


def test_a_flood_that_is_too_fast_is_counted_as_at_least(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"x\n" * (40 * MIB))
    log = Log(path)
    log.look(now=True)
    assert log.uncounted
    assert log.lines == 32 * MIB
    assert on_disk(path) <= MOST
    assert Printed(log.lines, at_least=True).words == "over 33,554,432 lines printed"
    assert Printed(1).words == "1 line printed"
    assert KEPT * 2 < MOST


def test_prints_of_python_of_c_and_of_a_child_are_counted_and_bounded(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    child = "import os; [os.write(1, b'c' * 1023 + b'\\n') for _ in range(14_000)]"
    script = tmp_path / "child.py"
    script.write_text(child)
    body = (
        "if self.calls == 3:\n"
        "            print('p'); sys.stderr.write('e\\n'); os.write(2, b'raw\\n')\n"
        f"            import subprocess; subprocess.run([sys.executable, {str(script)!r}])\n"
        "            print('the end')"
    )
    end = run(driver, with_model(module(tmp_path, "net", body)))
    assert end.status in ("completed", "diverged")
    assert driver.output()[-1] == "the end"
    path = Path(of_kind(driver.events, Started)[0].log)
    wait(lambda: on_disk(path) <= MOST)
    assert driver.print_count() == Printed(14_004)
    driver.close()
    driver.join(10)
    assert path.stat().st_size <= MOST
