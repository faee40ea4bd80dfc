"""BeforeRun: asks between the run button and the run. May these files be run? Download the data?"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from lrtui import presets
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.shipping import ShippingError, sent_words
from lrtui.catalog.trust import Item, file_item, look_item, remember, remembered, unagreed
from lrtui.spec import CHOICES, RunSpec
from lrtui.tui.clean import clean
from lrtui.tui.form.body import FormBody
from lrtui.tui.session import Session
from lrtui.tui.toast import tell

_ANSWER_SECONDS = 3.0  # to wait for an answer about the data; without one the run reports problems
_POLL_SECONDS = 0.05
_MOST_LISTED = 8


class BeforeRun:
    """One press of the run button. `body` is None while the form is not mounted yet."""

    def __init__(self, app: App[object], session: Session, body: FormBody | None) -> None:
        self.app = app
        self.session = session
        self.body = body

    async def ask_and_run(self, spec: RunSpec) -> None:
        """Ask what has to be asked, then run."""
        if not self._can_be_sent(spec):
            return
        if not await is_agreed(self.app, self.session, [spec], "back to the form"):
            return
        if await self._data_is_available(spec):
            self._run(spec)

    def _can_be_sent(self, spec: RunSpec) -> bool:
        """Whether the files of a run on another machine can go there; says so where not."""
        if not self.session.host:
            return True
        try:
            sent_words(spec)
        except ShippingError as error:
            tell(self.app, str(error), "warning")
            return False
        return True

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
            remember([look_item(spec.data)])  # the form may look at this data again
        self.app.push_screen(RunScreen(self.session.driver(spec), spec))


async def is_agreed(app: App[Any], session: Session, specs: Sequence[RunSpec], no: str) -> bool:
    """Ask once about everything that runs of the specs need and that is not agreed to."""
    from lrtui.tui.dialogs.ask import Ask

    asked = asked_about(session, specs)
    if not asked:
        return True
    yes = "run it" if len(asked) == 1 else "run them"
    if not await app.push_screen_wait(Ask(question(asked), yes, no)):
        return False
    # what was asked about, and not what the files have become since
    session.agreed.update(item.line for item in asked)
    try:
        remember(asked)
    except OSError as error:
        reason = error.strerror or error
        tell(app, f"agreed for this session only, it cannot be remembered: {reason}", "warning")
    return True


def asked_about(session: Session, specs: Sequence[RunSpec]) -> list[Item]:
    """What the runs need, and what a worker has refused before, as far as it is not agreed to."""
    agreed = remembered() | session.agreed
    asked: dict[str, Item] = {}
    for spec in specs:
        asked |= {item.line: item for item in unagreed(spec, agreed)}
    for line, item in session.refused.items():
        if not item.is_agreed(agreed) and _is_of(item, specs):
            asked[line] = item
    return list(asked.values())


def _is_of(item: Item, specs: Sequence[RunSpec]) -> bool:
    """Whether something that was refused belongs to these runs: a file may be anyone's import."""
    if item.kind == "file":
        return _is_unchanged(item)
    return any(getattr(spec, role).target == item.name for spec in specs for role in CHOICES)


def _is_unchanged(item: Item) -> bool:
    try:
        return file_item(Path(item.name)) == item
    except CatalogError:
        return False


def question(asked: Sequence[Item]) -> str:
    """Whether something may be run, as the dialog asks it."""
    parts: list[str] = []
    files = [item.words for item in asked if item.kind == "file"]
    calls = [item.words for item in asked if item.kind != "file"]
    if len(files) == 1:
        parts.append("This file is new, or has changed since it was last run:")
    elif files:
        parts.append("These files are new, or have changed since they were last run:")
    if files:
        parts.append(_listed(files))
    if calls:
        parts.append("No library lists this as a model, data, optimizer or loss:")
        parts.append(_listed(calls))
    parts.append("Its code can do everything that you can do.")
    return "\n\n".join(parts)


def _listed(names: list[str]) -> str:
    lines = [f"  {clean(name)}" for name in names[:_MOST_LISTED]]
    if len(names) > _MOST_LISTED:
        lines.append(f"  and {len(names) - _MOST_LISTED} more that these import")
    return "\n".join(lines)
