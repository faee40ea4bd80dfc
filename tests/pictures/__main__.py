"""Write the README's pictures.

    python -m tests.pictures

They are screens of 100x30 in `.github`, from the records beside this file.
"""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pictures.scenes import SCENES, Scene

FOLDER = Path(__file__).parents[2] / ".github"
README = ("form", "run", "race", "runs", "compare")
SIZE = (100, 30)


async def picture(scene: Scene, size: tuple[int, int] = SIZE) -> str:
    """The scene as SVG."""
    app = scene.app()
    async with app.run_test(size=size) as pilot:
        lead = scene.lead(pilot)
        assert asyncio.iscoroutine(lead)
        await lead
        await pilot.pause()
        return app.export_screenshot(title="lrtui")


def main() -> None:
    """Write them all, with an empty home."""
    for name in README:
        with TemporaryDirectory() as home:
            os.environ |= {"HOME": home, "TZ": "UTC"}
            os.environ.pop("LRTUI_HOME", None)
            svg = asyncio.run(picture(SCENES[name]))
        (FOLDER / f"{name}.svg").write_text(svg)
        print(FOLDER / f"{name}.svg")


if __name__ == "__main__":
    main()
