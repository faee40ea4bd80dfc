"""The README's pictures show the screens as they are; `python -m tests.pictures` draws them."""

import pytest

from tests.pictures.__main__ import FOLDER, README, picture
from tests.pictures.cells import cells_of
from tests.pictures.scenes import SCENES


def stored(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8")


@pytest.mark.parametrize("name", README)
async def test_a_picture_is_up_to_date(name: str) -> None:
    drawn = cells_of(await picture(SCENES[name]))
    assert len(drawn) > 50
    assert cells_of(stored(name)) == drawn, "run: python -m tests.pictures"
    assert f".github/{name}.svg" in (FOLDER.parent / "README.md").read_text("utf-8")


def test_every_picture_in_the_folder_is_drawn_by_the_script() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(README)


def test_a_word_a_place_or_a_colour_decides_and_an_id_does_not() -> None:
    svg = stored("form")
    ids = svg.replace("terminal-", "terminal-9")
    assert ids != svg
    assert cells_of(ids) == cells_of(svg)
    for old, new in ((">lrtui<", ">lrtu1<"), ('x="61"', 'x="62"'), ("#868887", "#868888")):
        assert old in svg
        assert cells_of(svg.replace(old, new)) != cells_of(svg), old
