"""A fault of our own analysis costs the answer: never the run, its curve or another journal."""

from pathlib import Path

import msgspec
import pytest

from lrtui.events import encode
from lrtui.runs.store import journal_path, load, record_path
from tests.faults.processes import lrtui, lrtui_after
from tests.sample import STARTED, steps
from tests.user_modules import module

BROKEN = """
def broken(*arguments):
    raise ZeroDivisionError("float division by zero")
import lrtui.analysis.analyse
lrtui.analysis.analyse.gather_evidence = broken
"""
IDS = ("01JD0000000000000000000001", "01JD0000000000000000000002")


def cut_off(run_id: str) -> Path:
    path = journal_path(run_id)
    started = msgspec.structs.replace(STARTED, id=run_id)
    path.write_bytes(b"".join([encode(started), *map(encode, steps())]))
    return path


def quick(target: str) -> list[str]:
    return ["run", "--model", target, "--num-iter", "30", "--batch-size", "32"]


def test_a_loss_of_exactly_zero_is_a_run_that_completes(tmp_path: Path, home: Path) -> None:
    code = "import torch\ndef zero(output, target):\n    return 0 * output.sum()\n"
    (tmp_path / "zero.py").write_text(code)
    loss = f"{tmp_path / 'zero.py'}:zero"
    done = lrtui(*quick("sample_models/mlp.py:MLP"), "--loss", loss)
    assert done.returncode == 3, done.stderr
    (path,) = (home / "runs").glob("*.json")
    assert load(path).status == "completed"
    assert set(load(path).history.raw_loss) == {0.0}
    assert lrtui("show", path).returncode == 3


@pytest.mark.parametrize("broken", ["gather_evidence", "analyse"])
def test_a_fault_in_the_worker_does_not_fail_the_run(
    broken: str, tmp_path: Path, home: Path
) -> None:
    fault = BROKEN
    if broken == "analyse":  # a fault that the analysis itself does not catch
        fault = BROKEN.replace("lrtui.analysis.analyse", "lrtui.finder.measured")
        fault = fault.replace("gather_evidence", "analyse")
    done = lrtui(*quick(module(tmp_path, "net", before=fault)))
    assert done.returncode == 3, done.stderr
    (path,) = (home / "runs").glob("*.json")
    record = load(path)
    assert record.status in ("completed", "diverged")
    assert len(record.history.lr) > 10
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"no learning rate" in done.stdout
    assert list((home / "runs").glob("*.jsonl")) == []


def test_show_says_so_in_one_line(home: Path) -> None:
    assert lrtui("run", "--num-iter", "30").returncode == 3
    (path,) = (home / "runs").glob("*.json")
    done = lrtui_after(BROKEN, "show", str(path), "--steps", "500")
    assert done.returncode == 3
    lines = done.stdout.decode().splitlines()
    (said,) = (line for line in lines if "ZeroDivisionError" in line)
    assert "a fault of its own" in said
    assert b"Traceback" not in done.stdout + done.stderr


def test_recover_keeps_every_curve_and_says_so_in_a_line_each() -> None:
    for run_id in IDS:
        cut_off(run_id)
    done = lrtui_after(BROKEN, "recover")
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stdout + done.stderr
    said = [line for line in done.stderr.decode().splitlines() if "ZeroDivisionError" in line]
    assert [line.split(":")[0] for line in said] == list(IDS)
    for run_id in IDS:
        assert len(load(record_path(run_id)).history.lr) == 4


def test_a_fault_over_one_journal_leaves_it_and_recovers_the_others() -> None:
    paths = [cut_off(run_id) for run_id in IDS]
    fault = f"""
import lrtui.runs.recover as recover
from_events = recover.from_events
def broken(events):
    if events[0].id == {IDS[0]!r}:
        raise IndexError("list index out of range")
    return from_events(events)
recover.from_events = broken
"""
    done = lrtui_after(fault, "recover")
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr
    assert f"{IDS[0]}.jsonl: this version cannot recover it: IndexError" in done.stderr.decode()
    assert [path.exists() for path in paths] == [True, False]
    assert len(load(record_path(IDS[1])).history.lr) == 4
