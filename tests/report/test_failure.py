from pathlib import Path

from lrtui.events import FailurePlace
from lrtui.report.failure import lines, next_step, place


def where_in(path: Path) -> FailurePlace:
    return FailurePlace(file=str(path), line=17, function="forward", source="return self.head(x)")


def test_a_place_is_named_from_here_and_has_its_source_line() -> None:
    where = where_in(Path.cwd() / "nets" / "net.py")
    assert place(where) == "nets/net.py:17, in forward"
    assert list(lines(where, ["epoch 1", "epoch 2"])) == [
        "where    nets/net.py:17, in forward",
        "             return self.head(x)",
        "printed  epoch 1",
        "         epoch 2",
    ]


def test_a_place_elsewhere_is_named_in_full() -> None:
    assert place(where_in(Path("/somewhere/net.py"))) == "/somewhere/net.py:17, in forward"


def test_what_to_do_depends_on_what_is_known() -> None:
    assert "net.py" in next_step(where_in(Path("/somewhere/net.py")))
    assert "log" in next_step(None, "worker.log")
    assert next_step(None) == ""
    assert list(lines(None, [])) == []
