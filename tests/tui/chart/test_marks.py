"""Marks: the answer is the strongest, no curve is erased, and every name can be read."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrtui.tui.chart.layout import layout_of
from lrtui.tui.chart.picture import LABEL, Mark, Picture, Role, canvas_column
from lrtui.tui.chart.plotting import draw
from tests.tui.chart.pictures import AXIS, canvas, full, plain, text, textbook


def marked(*marks: Mark) -> Picture:
    return plain(textbook(), marks=marks, settled=True)


@pytest.mark.parametrize(
    ("role", "line"), [("answer", "┃"), ("active", "│"), ("bound", "┊"), ("cross", "╎")]
)
def test_a_marked_rate_has_its_line_in_its_column_and_its_name_above(role: Role, line: str) -> None:
    picture = marked(Mark(1e-6, "name", role))
    rows = draw(picture, 100, 30)
    column = canvas_column(picture, 1e-6, 100)
    label = text(rows)[layout_of(picture, 100, 30).labels]
    assert "name" in label
    assert abs(label.index("name") + 2 - column) <= 3
    assert sum(row[column][0] == line for row in rows) > 15


def test_the_sign_of_the_answer_stands_on_its_line_at_both_ends() -> None:
    for lr in (1e-7, 1e-3, 10.0):
        picture = marked(Mark(lr, "lr", "answer"))
        label = draw(picture, 80, 24)[layout_of(picture, 80, 24).labels]
        assert label[canvas_column(picture, lr, 80)] == ("▼", "answer")
        assert "lr" in "".join(char for char, _ in label)


def test_marks_never_erase_the_curve() -> None:
    roles: tuple[Role, ...] = ("bound", "active", "answer", "limit", "cross")
    without = canvas(full(), draw(replace(full(), marks=()), 100, 30))
    marks = tuple(Mark(10.0 ** (-index), "m", role) for index, role in enumerate(roles))
    rows = canvas(full(), draw(replace(full(), marks=marks), 100, 30))
    for y, row in enumerate(without):
        for x, (char, role) in enumerate(row):
            if role in ("trend", "repeat", "bad"):
                assert rows[y][x] == (char, role)


def test_the_answer_lies_before_the_raw_losses_and_a_light_boundary_behind_them() -> None:
    picture = full()
    without = canvas(picture, draw(replace(picture, marks=()), 100, 30))
    batch = next(
        (y, x) for y, row in enumerate(without) for x, c in enumerate(row) if c[1] == "batch"
    )
    y, x = batch
    lr = AXIS.rate_of(x, len(without[0]))
    for role, wins in (("answer", True), ("active", True), ("bound", False)):
        rows = canvas(picture, draw(replace(picture, marks=(Mark(lr, "m", role),)), 100, 30))  # type: ignore[arg-type]
        assert (rows[y][x][1] == role) is wins


def test_the_later_of_two_marks_in_a_column_lies_on_top() -> None:
    picture = marked(Mark(1e-3, "end", "bound"), Mark(1e-3, "start", "active"))
    rows = canvas(picture, draw(picture, 100, 30))
    column = AXIS.column(1e-3, len(rows[0]))
    roles = {row[column][1] for row in rows}
    assert "active" in roles
    assert "bound" not in roles


def test_names_of_near_lines_stay_in_order() -> None:
    picture = marked(
        Mark(1e-3, "start", "bound"), Mark(1.1e-3, "lr", "answer"), Mark(1.2e-3, "▸end", "active")
    )
    label = text(draw(picture, 100, 30))[layout_of(picture, 100, 30).labels]
    assert label.split() == ["start", "▼lr", "▸end"]


@settings(deadline=None)
@given(
    st.lists(st.floats(min_value=1e-7, max_value=10.0), min_size=3, max_size=5),
    st.sampled_from([(60, 18), (80, 24), (100, 30)]),
)
def test_names_never_run_together_and_are_never_cut(
    lrs: list[float], size: tuple[int, int]
) -> None:
    names = ["start", "▸end", "lr", "limit", "1.2e-03"]
    roles: list[Role] = ["bound", "active", "answer", "limit", "cross"]
    marks = tuple(map(Mark, lrs, names, roles))
    picture = marked(*marks)
    rows = text(draw(picture, *size))
    words = " ".join(rows[:2]).split()
    for mark in marks:
        assert any(word.strip("▼") == mark.name for word in words)


def test_a_mark_outside_the_axis_is_left_out() -> None:
    rows = draw(marked(Mark(1e-12, "start", "active"), Mark(1e5, "end", "bound")), 100, 30)
    assert not any(role in ("active", "bound") for row in rows for _, role in row)


def test_marks_and_interval_take_no_tick_and_no_label_away() -> None:
    bare = replace(full(), marks=())
    marks = tuple(Mark(10.0**power, "m", "answer") for power in range(-7, 2))
    layout = layout_of(full(), 100, 30)
    before, after = draw(bare, 100, 30), draw(replace(bare, marks=marks), 100, 30)
    assert before[layout.axis + 1] == after[layout.axis + 1]
    assert "".join(char for char, _ in after[layout.axis]).count("┼") == 9
    assert [row[:LABEL] for row in text(before)[2:]] == [row[:LABEL] for row in text(after)[2:]]


def test_the_interval_has_a_row_of_its_own_below_the_axis() -> None:
    picture = plain(textbook(), interval=(1e-3, 1e-2))
    layout = layout_of(picture, 100, 30)
    assert layout.interval is not None
    row = draw(picture, 100, 30)[layout.interval]
    low, high = canvas_column(picture, 1e-3, 100), canvas_column(picture, 1e-2, 100)
    assert set(row[low : high + 1]) == {("▀", "answer")}
    assert {cell[0] for cell in (*row[LABEL:low], *row[high + 1 :])} == {" "}
    assert layout.interval > layout.axis + 1


def test_an_interval_that_comes_while_the_curve_grows_moves_nothing() -> None:
    picture = plain(textbook())
    without, with_it = (
        layout_of(picture, 100, 30),
        layout_of(replace(picture, interval=(1e-3, 1e-2)), 100, 30),
    )
    assert without == with_it


def test_a_crosshair_goes_through_all_panels() -> None:
    picture = replace(full(), marks=(Mark(1e-6, "1.0e-06", "cross"),))
    layout = layout_of(picture, 100, 40)
    rows = draw(picture, 100, 40)
    column = canvas_column(picture, 1e-6, 100)
    assert layout.tried is not None
    assert layout.metric is not None
    assert rows[layout.tried.top][column][1] == "cross"
    assert rows[layout.metric.top][column][1] == "cross"
