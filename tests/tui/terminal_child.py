"""The app with a session that does nothing, for the tests that need a real terminal."""

import signal
import sys
from pathlib import Path

from lrtui.tui.app import LrtuiApp, run_app
from tests.tui.doubles import SPEC, FakeDriver, whole_run


class Crashing(LrtuiApp):
    CSS_PATH = Path(sys.modules[LrtuiApp.__module__].__file__).parent / "app.tcss"

    def action_quit(self) -> None:
        raise RuntimeError("a bug of ours")


def main(how: str) -> int:
    driver = FakeDriver(whole_run(SPEC))
    if how == "deaf":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    if how == "crash":
        app = Crashing(driver=driver)
        app.run()
        return app.return_code or 0
    return run_app(driver=driver)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
