"""Round numbers for an axis, and their texts."""

import pytest

from lrtui.notebook.ticks import nice_ticks, tick_texts


def test_ticks_are_round_and_within() -> None:
    assert nice_ticks(0.07, 3.2) == pytest.approx([1, 2, 3])
    assert nice_ticks(-0.3, 0.3) == pytest.approx([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3])


def test_the_texts_of_a_flat_curve_are_told_apart() -> None:
    assert tick_texts([6.904, 6.906, 6.908]) == ["6.904", "6.906", "6.908"]
    assert tick_texts([0.5, 1.0]) == ["0.5", "1"]
