"""Gate: what is asked between the run button and the run: may these files be run, shall the data be fetched."""

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from lrtui import presets
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.trust import trust
from lrtui.spec import RunSpec
from lrtui.tui.data_watch import DataWatch, missing
from lrtui.tui.session import Session
from lrtui.tui.trusting import question, unknown_files

if TYPE_CHECKING:
    from lrtui.tui.screens.setup import SetupScreen

_PATIENCE = 3.0  # seconds for an answer about the data; without one the run itself says what is wrong
_POLL = 0.05


class Gate:
    """One press of the run button."""

    def __init__(self, screen: "SetupScreen", session: Session, watch: DataWatch) -> None:
        self.screen = screen
        self.session = session
        self.watch = watch

    async def run(self, spec: RunSpec) -> None:
        """Ask what is to be asked, then run."""
        if await self._agreed(spec) and await self._there(spec):
            self._begin(spec)

    async def fetch(self) -> bool:
        """Offer the download of the data that is picked; True when it is there afterwards."""
        from lrtui.tui.screens.fetch import Fetch

        data, availability = self.watch.data, self.watch.availability
        if data is None or availability is None or not availability.can_download:
            return False
        fetched = await self.screen.app.push_screen_wait(Fetch(self.session, data, availability))
        self.watch.again()
        return bool(fetched)

    async def _agreed(self, spec: RunSpec) -> bool:
        """Files that were never run as they are now are asked about, all at once."""
        from lrtui.tui.screens.confirm import Confirm

        files = unknown_files(spec)
        if not files:
            return True
        asked = Confirm(question(files), "run it" if len(files) == 1 else "run them", "back to the form")
        if not await self.screen.app.push_screen_wait(asked):
            return False
        for path in files:
            with contextlib.suppress(CatalogError):  # gone meanwhile: the run says so
                trust(path)
        return True

    async def _there(self, spec: RunSpec) -> bool:
        """Data that is not there is looked for once more, then offered to be fetched."""
        if self.session.ready is None or spec.data.args.get("download") is True:
            return True
        if missing(self.watch.availability):
            self.watch.again()
        end = time.monotonic() + _PATIENCE
        while self.watch.pending and time.monotonic() < end and not self.session.problem:
            self.watch.ask()
            await asyncio.sleep(_POLL)
        availability = self.watch.availability
        if availability is None or availability.there:
            return True
        if availability.can_download:
            return await self.fetch()
        self.screen.check()
        await self.screen.go_to("data")
        return False

    def _begin(self, spec: RunSpec) -> None:
        from lrtui.tui.screens.run import RunScreen

        with contextlib.suppress(OSError):  # a full disk: what is lost is a line in a list
            presets.remember(spec)
        self.screen.app.push_screen(RunScreen(self.session.driver(spec), spec))
