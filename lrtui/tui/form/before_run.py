"""BeforeRun: asks between the run button and the run. May these files be run? Download the data?"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from textual.app import App

from lrtui import presets
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import is_file_name, is_library, locate, locate_module, split
from lrtui.catalog.trust import is_trusted, trust
from lrtui.spec import CHOICES, RunSpec
from lrtui.tui.clean import clean
from lrtui.tui.form.body import FormBody
from lrtui.tui.session import Session

_ANSWER_SECONDS = 3.0  # to wait for an answer about the data; without one the run reports problems
_POLL_SECONDS = 0.05


class BeforeRun:
    """One press of the run button. `body` is None while the form is not mounted yet."""

    def __init__(self, app: App[object], session: Session, body: FormBody | None) -> None:
        self.app = app
        self.session = session
        self.body = body

    async def ask_and_run(self, spec: RunSpec) -> None:
        """Ask what has to be asked, then run."""
        if await self._files_are_trusted(spec) and await self._data_is_available(spec):
            self._run(spec)

    async def offer_download(self) -> bool:
        """Offer to download the data in the form; True when it is available afterwards."""
        from lrtui.tui.dialogs.fetch import Fetch

        if self.body is None:
            return False
        watch = self.body.form.data_watch
        if watch.data is None or watch.missing is None or not watch.missing.can_download:
            return False
        dialog = Fetch(self.session, watch.data, watch.missing)
        fetched = await self.app.push_screen_wait(dialog)
        watch.ask_again()
        return bool(fetched)

    async def _files_are_trusted(self, spec: RunSpec) -> bool:
        """Ask once about all files that are new or changed since they were trusted."""
        from lrtui.tui.dialogs.ask import Ask

        files = untrusted_files(spec)
        if not files:
            return True
        yes = "run it" if len(files) == 1 else "run them"
        if not await self.app.push_screen_wait(Ask(question(files), yes, "back to the form")):
            return False
        for path in files:
            with contextlib.suppress(CatalogError):  # deleted since: the run reports that
                trust(path)
        return True

    async def _data_is_available(self, spec: RunSpec) -> bool:
        """Offer to download missing data. Without a session that is ready, the run finds out."""
        body = self.body
        if body is None or self.session.ready is None or spec.data.args.get("download") is True:
            return True
        watch = body.form.data_watch
        if watch.missing is not None:
            watch.ask_again()
        await self._wait_for_answer(body)
        if watch.missing is None:
            return True
        if watch.can_fetch:
            return await self.offer_download()
        body.check()
        body.go_to("data")
        return False

    async def _wait_for_answer(self, body: FormBody) -> None:
        deadline = time.monotonic() + _ANSWER_SECONDS
        watch = body.form.data_watch
        while watch.pending and time.monotonic() < deadline and not self.session.problem:
            watch.ask()
            await asyncio.sleep(_POLL_SECONDS)

    def _run(self, spec: RunSpec) -> None:
        from lrtui.tui.run.screen import RunScreen

        with contextlib.suppress(OSError):  # disk full: the list of recent specs misses this one
            presets.remember(spec)
        self.app.push_screen(RunScreen(self.session.driver(spec), spec))


def untrusted_files(spec: RunSpec) -> list[Path]:
    """The user's own files that a run would execute and that are new or changed."""
    return [path for path in dict.fromkeys(_own_files(spec)) if not _is_trusted(path)]


def _own_files(spec: RunSpec) -> Iterator[Path]:
    for role in CHOICES:
        try:
            where, _ = split(getattr(spec, role).target)
        except CatalogError:
            continue  # auto or none
        path = _own_file(where)
        if path is not None:
            yield path


def _own_file(where: str) -> Path | None:
    """A file, or the source of a module in the working directory: what is installed is trusted."""
    if is_file_name(where):
        return locate(where)
    if is_library(where):
        return None
    path = locate_module(where)
    if path is None or not path.resolve().is_relative_to(Path.cwd()):
        return None
    return path


def _is_trusted(path: Path) -> bool:
    try:
        return is_trusted(path)
    except CatalogError:
        return True  # it cannot be read: the run reports that


def question(files: list[Path]) -> str:
    """Whether files may be run, as the dialog asks it."""
    names = "\n".join(f"  {clean(str(path))}" for path in files)
    if len(files) == 1:
        first = "This file is new, or has changed since it was last run:"
    else:
        first = "These files are new, or have changed since they were last run:"
    return f"{first}\n\n{names}\n\nIts code can do everything that you can do."
