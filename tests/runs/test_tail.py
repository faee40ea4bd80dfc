"""The lines of a journal as they are written, over its removal and a new one."""

from pathlib import Path

from lrtui.runs.tail import JournalTail


def test_each_look_gives_the_whole_lines_that_are_new(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    tail = JournalTail(path)
    assert tail.look() == []
    with path.open("ab", buffering=0) as file:
        file.write(b"start\none\ntw")
        assert tail.look() == [b"start", b"one"]
        file.write(b"o\n")
        assert tail.look() == [b"two"]
        assert tail.look() == []
        file.write(b"end\n")
        path.unlink()
        assert tail.look() == [b"end"]


def test_a_journal_that_was_made_anew_is_not_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    tail = JournalTail(path)
    path.write_bytes(b"start\none\n")
    assert tail.look() == [b"start", b"one"]
    with path.open("ab") as file:
        file.write(b"two\n")
    path.rename(tmp_path / "removed")
    path.write_bytes(b"start\none\n")
    assert tail.look() == [b"two"]
    with path.open("ab") as file:
        file.write(b"two\nthree\n")
    assert tail.look() == [b"three"]


def test_a_journal_with_another_start_is_given_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    tail = JournalTail(path)
    path.write_bytes(b"start\none\n")
    tail.look()
    path.rename(tmp_path / "removed")
    path.write_bytes(b"other\n")
    assert tail.look() == [b"other"]
    with path.open("ab") as file:
        file.write(b"more\n")
    assert tail.look() == [b"more"]
