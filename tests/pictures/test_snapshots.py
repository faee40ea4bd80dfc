"""The main screens at three sizes are as they were accepted.

After a change that is wanted: `pytest tests/pictures --snapshot-update`, look at the pictures, and
`python -m tests.pictures`.
"""

from collections.abc import Callable

import pytest
import textual

from tests.pictures.scenes import SCENES

MADE_WITH = "8.2.8"  # another version of Textual draws the same cells as other SVG
SIZES = ((60, 18), (100, 30), (200, 50))

pytestmark = pytest.mark.skipif(
    textual.__version__ != MADE_WITH,
    reason=f"the pictures were made with Textual {MADE_WITH}, this is {textual.__version__}",
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
def test_a_screen_is_as_it_was_accepted(
    name: str, size: tuple[int, int], snap_compare: Callable[..., bool]
) -> None:
    scene = SCENES[name]
    assert snap_compare(scene.app(), terminal_size=size, run_before=scene.lead)
