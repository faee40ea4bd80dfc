"""The app on a driver that runs nothing, for the tests that need a real terminal."""

import inspect
import signal
import sys
from pathlib import Path

from lrtui.tui.app import LrtuiApp, run_app
from tests.tui.doubles import SPEC, FakeDriver, whole_run


class CrashingApp(LrtuiApp):
    """Raises where it should quit."""

    CSS_PATH = str(Path(inspect.getfile(LrtuiApp)).parent / "app.tcss")

    async def action_quit(self) -> None:
        raise RuntimeError("a bug of ours")


def main(variant: str) -> int:
    driver = FakeDriver(whole_run(SPEC))
    if variant == "ignore-hangup":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    if variant == "crash":
        app = CrashingApp(driver=driver)
        app.run()
        return app.return_code or 0
    return run_app(driver=driver)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
