"""Dots and lines as braille, checked by hand."""

from lrtui.tui.chart.picture import Curve, Picture
from lrtui.tui.chart.plotting import draw
from lrtui.tui.chart.raster import Raster, interpolated
from tests.tui.chart.pictures import AXIS, text


def drawn(raster: Raster) -> list[str]:
    rows = [[" "] * (raster.width // 2) for _ in range(raster.height // 4)]
    for row, column, bits in raster.cells():
        rows[row][column] = chr(0x2800 | bits)
    return ["".join(row) for row in rows]


def test_every_dot_has_its_place_in_a_cell() -> None:
    cells = []
    for x, y in ((0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3)):
        raster = Raster(1, 1)
        raster.dot(x, y)
        cells += drawn(raster)
    assert cells == ["⠁", "⠂", "⠄", "⡀", "⠈", "⠐", "⠠", "⢀"]


def test_a_line_falls_without_a_gap() -> None:
    raster = Raster(2, 2)
    raster.trace([0, 2, 5, 7])
    assert drawn(raster) == ["⢣ ", " ⢇"]


def test_what_is_outside_is_left_out_and_a_line_goes_up_to_the_edge() -> None:
    raster = Raster(1, 1)
    raster.dot(0, -1)
    raster.dot(0, 4)
    raster.dot(2, 0)
    assert drawn(raster) == [" "]
    raster.trace([3, -10_000_000])
    assert drawn(raster) == ["⡇"]


def test_between_two_samples_the_line_is_straight_and_nan_is_a_gap() -> None:
    assert interpolated([(0, 0.0), (4, 8.0)], 5) == [0, 2, 4, 6, 8]
    assert interpolated([(0, 0.0), (1, float("nan")), (3, 1.0)], 5) == [0, None, None, 1, None]
    assert interpolated([(-2, 0.0), (2, 4.0)], 3) == [2, 3, 4]


def test_a_small_picture_is_as_drawn_by_hand() -> None:
    picture = Picture(AXIS, (Curve(((1e-7, 10.0), (2.0, 1.0))),), settled=True)
    rows = draw(picture, 18, 7)
    assert text(rows) == [
        "  loss            ",
        "      │           ",
        "     2┤⠤⢄⣀        ",
        "      │   ⠉⠒⠢⠤⣀   ",
        "     1┤        ⠉⠑⠢",
        "      └┬──────────",
        "  lr 1e-7         ",
    ]
