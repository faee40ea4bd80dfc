"""The main screens at three sizes are as they were accepted; the README's pictures are up to date.

After a change that is wanted: `pytest tests/pictures --snapshot-update`, look at the pictures, and
`python -m tests.pictures`.
"""

import time
from collections.abc import Callable, Iterator

import pytest
import textual

from tests.pictures.__main__ import FOLDER, README, picture
from tests.pictures.scenes import SCENES

MADE_WITH = "8.2.8"  # another version of Textual draws the same cells as other SVG
SIZES = ((60, 18), (100, 30), (200, 50))

pytestmark = pytest.mark.skipif(
    textual.__version__ != MADE_WITH,
    reason=f"the pictures were made with Textual {MADE_WITH}, this is {textual.__version__}",
)


@pytest.fixture(autouse=True)
def home_with_nothing_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """An own home, and the time zone of the pictures."""
    monkeypatch.delenv("LRTUI_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
def test_a_screen_is_as_it_was_accepted(
    name: str, size: tuple[int, int], snap_compare: Callable[..., bool]
) -> None:
    scene = SCENES[name]
    assert snap_compare(scene.app(), terminal_size=size, run_before=scene.lead)


@pytest.mark.parametrize("name", README)
async def test_the_pictures_of_the_readme_are_up_to_date(name: str) -> None:
    drawn = await picture(SCENES[name])
    assert (FOLDER / f"{name}.svg").read_text() == drawn, "run: python -m tests.pictures"
    assert f".github/{name}.svg" in (FOLDER.parent / "README.md").read_text()
