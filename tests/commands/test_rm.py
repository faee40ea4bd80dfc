"""`lrtui rm`: what it deletes can be brought back, and nothing else is touched."""

from pathlib import Path

import msgspec
import pytest

from lrtui import paths
from lrtui.runs.store import load, record_path, save
from tests.commands.invoking import invoke
from tests.export.records import RECORD


def kept(*ids: str) -> None:
    for run_id in ids:
        save(msgspec.structs.replace(RECORD, id=run_id), record_path(run_id))


def test_a_deleted_run_is_brought_back_by_its_id() -> None:
    kept("01JDAAAA", "01JDBBBB")
    done = invoke("rm", "01jda", "01JDB")
    assert done.exit_code == 0
    assert "lrtui rm --undo 01JDAAAA" in done.stdout
    assert not record_path("01JDAAAA").exists()
    assert "01JDAAAA" in invoke("rm", "--list").stdout
    assert invoke("rm", "--undo", "01JDAAAA").exit_code == 0
    assert load(record_path("01JDAAAA")).id == "01JDAAAA"
    assert not record_path("01JDBBBB").exists()


def test_without_an_id_the_last_one_is_brought_back() -> None:
    kept("01JDAAAA", "01JDBBBB")
    invoke("rm", "01JDB")
    invoke("rm", "01JDA")
    assert invoke("rm", "--undo").stdout == "brought back 01JDAAAA\n"
    assert invoke("rm", "--undo").stdout == "brought back 01JDBBBB\n"
    done = invoke("rm", "--undo")
    assert done.exit_code == 2
    assert "no deleted run is kept" in done.stderr


@pytest.mark.parametrize("second", ["nope", "01JD", ""])
def test_none_is_deleted_where_one_name_is_wrong(second: str) -> None:
    kept("01JDAAAA", "01JDBBBB")
    assert invoke("rm", "01JDA", second).exit_code == 2
    assert len(list(paths.runs().glob("*.json"))) == 2


def test_files_of_the_user_are_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    save(RECORD, path)
    done = invoke("rm", str(path))
    assert done.exit_code == 2
    assert "only kept runs are deleted" in done.stderr
    assert path.exists()


def test_without_a_name_nothing_is_deleted() -> None:
    kept("01JDAAAA")
    assert invoke("rm").exit_code == 2
    assert record_path("01JDAAAA").exists()


def test_a_run_that_came_back_meanwhile_is_not_overwritten() -> None:
    kept("01JDAAAA")
    invoke("rm", "01JDA")
    kept("01JDAAAA")
    done = invoke("rm", "--undo", "01JDA")
    assert done.exit_code == 5
    assert "not brought back" in done.stderr
