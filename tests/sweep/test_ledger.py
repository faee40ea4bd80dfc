"""What is done is known again: keys of tests, and the ledger with its torn lines."""

from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.spec import Choice, RunSpec
from lrtui.sweep.executor import Outcome
from lrtui.sweep.identity import key_of
from lrtui.sweep.ledger import Ledger
from lrtui.sweep.sweep import Sweep

SPECS = [RunSpec(seed=number) for number in range(3)]


def done(key: str, name: str = "A") -> Outcome:
    path = paths.runs() / f"{name}.json"
    path.write_text("{}")
    return Outcome(key=key, status="completed", seconds=2.0, record=str(path))


def test_a_later_ledger_knows_what_an_earlier_one_was_told() -> None:
    outcome = done("k")
    Ledger().add(outcome)
    assert Ledger().get("k") == outcome
    assert Ledger().get("other") is None


def test_a_test_whose_record_was_deleted_is_not_done() -> None:
    outcome = done("k")
    Ledger().add(outcome)
    Path(outcome.record).unlink()
    assert Ledger().get("k") is None


def test_torn_lines_cost_only_themselves() -> None:
    first, second = done("first", "A"), done("second", "B")
    Ledger().add(first)
    with paths.sweeps().open("ab") as file:
        file.write(b'{"key":"torn","status":"comp')
    Ledger().add(second)
    with paths.sweeps().open("ab") as file:
        file.write(b'\xff{"key"')
    ledger = Ledger()
    assert ledger.get("first") == first
    assert ledger.get("second") == second
    assert ledger.get("torn") is None


def test_what_was_stopped_or_refused_is_not_done_but_a_test_out_of_time_is() -> None:
    ledger = Ledger()
    stopped = msgspec.structs.replace(done("a"), status="stopped", reason="stopped by the user")
    ledger.add(stopped)
    ledger.add(Outcome(key="b", status="failed", refused=True))
    late = msgspec.structs.replace(done("c"), status="stopped", reason="out of time: 1 s allowed")
    ledger.add(late)
    assert [Ledger().get(key) for key in "abc"] == [None, None, late]


def test_a_failed_test_is_run_again_only_when_that_is_asked() -> None:
    ledger = Ledger()
    keys = [key_of(spec) for spec in SPECS]
    ledger.add(done(keys[0]))
    ledger.add(Outcome(key=keys[1], status="failed", reason="no such file"))
    still_open = {again: len(Sweep(SPECS, Ledger(), again).open) for again in ("nothing", "failed")}
    assert still_open == {"nothing": 1, "failed": 2}
    assert len(Sweep(SPECS, Ledger(), "all").open) == 3


def test_a_key_depends_on_the_spec_and_on_the_files_that_it_names(tmp_path: Path) -> None:
    net, helper = tmp_path / "net.py", tmp_path / "helper.py"
    net.write_text("import helper\ndef Net(): ...\n")
    helper.write_text("width = 1\n")
    spec = RunSpec(model=Choice(f"{net}:Net"))
    first = key_of(spec)
    assert key_of(spec) == first
    assert key_of(msgspec.structs.replace(spec, seed=1)) != first
    helper.write_text("width = 22\n")
    assert key_of(spec) != first


def test_data_that_an_argument_names_counts_by_its_age(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    spec = RunSpec(data=Choice("lrtui:table", {"path": str(table)}))
    first = key_of(spec)
    table.write_text("a,b\n1,2\n3,4\n")
    assert key_of(spec) != first
