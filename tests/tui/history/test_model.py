"""The rows of the runs screen: found, ordered and marked, without an app."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lrtui.analysis.answer import Suggestion
from lrtui.runs.index import Entry
from lrtui.runs.watch import Runs, Unsaved
from lrtui.spec import RunSpec
from lrtui.tui.compare.marks import Marks
from lrtui.tui.history.model import ORDERS, HistoryModel
from lrtui.tui.history.rows import Row, outcome, progress, row_of, when
from lrtui.tui.history.table import head, line_of

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def entry(number: int, **changes: object) -> Entry:
    values = {
        "file": f"{number:03}.json",
        "stamp": (number, 1, 1),
        "id": f"{number:03}",
        "created": "2026-11-20T10:00:00Z",
        "status": "completed",
        "model": "net.py:Net",
        "data": "lrtui:digits",
        "optimizer": "torch.optim:AdamW",
        "batch_size": 64,
    }
    return Entry(**{**values, **changes})  # type: ignore[arg-type]


def rate(lr: float | None, verdict: str = "ok", method: str = "valley") -> Suggestion:
    return Suggestion(lr=lr, verdict=verdict, reason="", method=method)  # type: ignore[arg-type]


def model_of(*entries: Entry, unsaved: tuple[Unsaved, ...] = ()) -> HistoryModel:
    model = HistoryModel(Marks())
    newest_first = tuple(sorted(entries, key=lambda one: one.file, reverse=True))
    model.show(Runs(newest_first, unsaved, complete=True))
    return model


def ids(model: HistoryModel) -> list[str]:
    return [row.id for row in model.shown]


def unsaved(number: int, going_on: bool = True) -> Unsaved:
    journal = Path(f"{number:03}.jsonl")
    return Unsaved(journal, RunSpec(), "2026-11-26T10:00:00Z", 100, 400, 21.0, going_on)


def test_every_word_of_a_search_has_to_be_in_the_line_and_case_does_not_matter() -> None:
    model = model_of(
        entry(1, name="first try"),
        entry(2, optimizer="torch.optim:SGD"),
        entry(3, optimizer="torch.optim:SGD", batch_size=16),
    )
    model.find("sgd")
    assert ids(model) == ["003", "002"]
    model.find("sgd 64")
    assert ids(model) == ["002"]
    model.find("sgd 6")
    assert ids(model) == ["003", "002"]
    model.find("FIRST")
    assert ids(model) == ["001"]
    model.find("")
    assert ids(model) == ["003", "002", "001"]


def test_the_cursor_stays_on_its_run_when_others_come_go_or_are_found() -> None:
    model = model_of(entry(1), entry(2, name="mine"))
    model.move(1)
    model.show(Runs((entry(3), entry(2, name="mine"), entry(1)), complete=True))
    assert model.highlighted is not None
    assert model.highlighted.id == "001"
    model.find("mine")
    assert model.highlighted.id == "002"
    model.find("nothing")
    assert model.shown == []
    model.move(5)
    model.find("")
    assert model.highlighted is not None


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", ["3", "2", "1"]),
        ("lr", ["2", "3", "1"]),
        ("loss", ["1", "3", "2"]),
        ("seconds", ["3", "1", "2"]),
        ("name", ["1", "3", "2"]),
    ],
)
def test_rows_are_sorted_and_what_is_unknown_comes_last(order: str, expected: list[str]) -> None:
    model = model_of(
        entry(1, name="a", reached=0.1, seconds=2.0),
        entry(2, name="z", suggestion=rate(1e-3), seconds=3.0),
        entry(3, name="b", suggestion=rate(1e-2), reached=0.2, seconds=1.0),
    )
    while model.order != order:
        model.next_order()
    assert ids(model) == [f"00{number}" for number in expected]


def test_the_orders_come_round() -> None:
    model = model_of(entry(1))
    for _ in ORDERS:
        model.next_order()
    assert model.order == ORDERS[0]


def test_runs_that_go_on_and_runs_that_were_cut_off_are_rows_too() -> None:
    model = model_of(entry(1), unsaved=(unsaved(2), unsaved(3, going_on=False)))
    assert ids(model) == ["003", "002", "001"]
    assert (model.count, model.running, len(model.cut_off)) == (3, 1, 1)
    assert model.shown[1].is_running
    model.find("running")
    assert ids(model) == ["002"]


def test_a_run_that_still_tries_rates_is_one_row_with_its_record() -> None:
    model = model_of(entry(1), unsaved=(unsaved(1),))
    (row,) = model.shown
    assert row.is_running
    assert row.entry is not None


def test_a_record_that_was_written_again_is_a_new_row() -> None:
    model = model_of(entry(1))
    model.show(Runs((entry(1, name="named", stamp=(9, 9, 9)),), complete=True))
    assert "named" in model.shown[0].title


def test_a_mark_stays_with_its_run_and_the_next_one_gets_the_first_free() -> None:
    model = model_of(*(entry(number) for number in range(1, 12)))
    for _ in range(8):
        assert model.toggle_mark() == ""
        model.move(1)
    assert "eight runs are marked" in model.toggle_mark()
    model.move(-7)  # the second one
    model.toggle_mark()
    model.move(-1)
    first = model.highlighted
    assert first is not None
    mark = model.marks.of(first.id)
    assert mark is not None
    assert mark.name == "●A"
    model.move(100)
    model.toggle_mark()
    assert [model.marks.of(row.id).letter for row in model.marked()] == list("ABCDEFGH")  # type: ignore[union-attr]
    assert model.marked()[1].id == "001"


def test_only_a_record_can_be_marked() -> None:
    model = model_of(unsaved=(unsaved(1),))
    assert "record" in model.toggle_mark()
    assert not model.marked()


def test_a_deleted_run_is_not_compared() -> None:
    model = model_of(entry(1), entry(2))
    model.toggle_mark()
    model.show(Runs((entry(1),), complete=True))
    assert model.marked() == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"suggestion": rate(1e-3)}, "ok"),
        ({"suggestion": rate(1e-3, method="race")}, "tried"),
        ({"suggestion": rate(None, "still_falling")}, "falls"),
        ({"suggestion": rate(1e-3), "status": "failed"}, "failed"),
        ({"status": "stopped"}, "stopped"),
    ],
)
def test_the_outcome_is_one_word(changes: dict[str, object], word: str) -> None:
    assert outcome(entry(1, **changes)) == word


def test_times_are_short() -> None:
    assert len(when("2026-11-26T10:00:00Z", NOW)) == 5
    assert when("2026-03-02T12:00:00Z", NOW) == "Mar 2"
    assert when("2025-03-02T12:00:00Z", NOW) == "2025-03"
    assert when("long ago", NOW) == ""


def text_of(row: Row, width: int, is_cursor: bool = False) -> str:
    return "".join(text for text, _ in line_of(row, None, is_cursor, width, NOW))


@pytest.mark.parametrize("width", [40, 54, 86, 140])
def test_a_line_fits_the_table_and_what_is_cut_says_so(width: int) -> None:
    row = row_of(entry(1, name="a name that is long " * 9, suggestion=rate(1e-3), reached=0.25))
    text = text_of(row, width)
    assert len(text) <= width
    assert text.endswith("…")
    assert len("".join(text for text, _ in head(width, "lr"))) <= width


def test_a_wide_table_says_what_trials_reached_and_the_data() -> None:
    row = row_of(entry(1, suggestion=rate(1e-3), reached=0.25, seconds=12.0))
    assert "0.25    12      digits" in text_of(row, 100)
    assert "0.25" not in text_of(row, 54)


def test_a_run_that_goes_on_says_how_far_it_is_whatever_the_width() -> None:
    model = model_of(unsaved=(unsaved(1),))
    assert progress(model.shown[0].unsaved or unsaved(1)) == "running 100/400, 0:21 left"
    assert "running 100/400, 0:21 left" in text_of(model.shown[0], 54)


def test_control_characters_of_a_record_are_not_drawn() -> None:
    row = row_of(entry(1, name="a\x1b[2Jb", model="x:\x07"))
    assert "\x1b" not in text_of(row, 100)
    assert "\x07" not in row_of(Entry(file="x.json", problem="\x07")).title


def test_the_cursor_and_the_order_can_be_seen_without_colours() -> None:
    row = row_of(entry(1))
    assert text_of(row, 54, is_cursor=True).startswith("▸")
    assert "▴lr" in head(54, "lr")[0][0]
