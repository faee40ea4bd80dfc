"""BeforeRun: what is asked between the run button and the run: may these files be run, shall the data be fetched."""

import asyncio
import contextlib
import time
from typing import Any

from textual.app import App

from lrtui import presets
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.trust import trust
from lrtui.spec import RunSpec
from lrtui.tui.form.body import FormBody
from lrtui.tui.form.data_watch import missing
from lrtui.tui.form.trusting import question, unknown_files
from lrtui.tui.session import Session

_PATIENCE = (
    3.0  # seconds for an answer about the data; without one the run itself says what is wrong
)
_POLL = 0.05


class BeforeRun:
    """One press of the run button. A form that has no body yet is run as it was given."""

    def __init__(self, app: App[Any], session: Session, body: FormBody | None) -> None:
        self.app = app
        self.session = session
        self.body = body

    async def run(self, spec: RunSpec) -> None:
        """Ask what is to be asked, then run."""
        if await self._agreed(spec) and await self._there(spec):
            self._begin(spec)

    async def fetch(self) -> bool:
        """Offer the download of the data that is picked; True when it is there afterwards."""
        from lrtui.tui.dialogs.fetch import Fetch

        watch = self.body.data_watch if self.body else None
        if watch is None or watch.data is None or watch.availability is None or not watch.can_fetch:
            return False
        fetched = await self.app.push_screen_wait(
            Fetch(self.session, watch.data, watch.availability)
        )
        watch.again()
        return bool(fetched)

    async def _agreed(self, spec: RunSpec) -> bool:
        """Files that were never run as they are now are asked about, all at once."""
        from lrtui.tui.dialogs.ask import Ask

        files = unknown_files(spec)
        if not files:
            return True
        asked = Ask(
            question(files), "run it" if len(files) == 1 else "run them", "back to the form"
        )
        if not await self.app.push_screen_wait(asked):
            return False
        for path in files:
            with contextlib.suppress(CatalogError):  # gone meanwhile: the run says so
                trust(path)
        return True

    async def _there(self, spec: RunSpec) -> bool:
        """Data that is not there is looked for once more, then offered to be fetched."""
        body = self.body
        if body is None or self.session.ready is None or spec.data.args.get("download") is True:
            return True
        watch = body.data_watch
        if missing(watch.availability):
            watch.again()
        end = time.monotonic() + _PATIENCE
        while watch.pending and time.monotonic() < end and not self.session.problem:
            watch.ask()
            await asyncio.sleep(_POLL)
        if not missing(watch.availability):
            return True
        if watch.can_fetch:
            return await self.fetch()
        body.check()
        await body.go_to("data")
        return False

    def _begin(self, spec: RunSpec) -> None:
        from lrtui.tui.run.screen import RunScreen

        with contextlib.suppress(OSError):  # a full disk: what is lost is a line in a list
            presets.remember(spec)
        self.app.push_screen(RunScreen(self.session.driver(spec), spec))
