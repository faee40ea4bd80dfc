"""The form of an app whose workers are on another machine."""

from pathlib import Path

import pytest

from lrtui.catalog import shipping
from lrtui.spec import Choice, RunSpec
from lrtui.tui.form.screen import SetupScreen
from tests.tui.doubles import FakeSession
from tests.tui.form.finding import outlook
from tests.tui.helpers import screen_text, setup_screen, until
from tests.user_modules import module


class SessionOnBox(FakeSession):
    host = "box"
    host_flags = ("--host", "box")


async def test_it_says_where_a_run_is_and_what_is_sent_and_what_cannot_be_sent_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = RunSpec(model=Choice(module(tmp_path, "net")))
    async with setup_screen(SessionOnBox(), spec, size=(120, 40)) as (screen, pilot):
        assert "on box" in screen_text(screen.app).splitlines()[0]
        said = "".join(outlook(screen).split())
        assert "machinebox,throughssh;sent:1file," in said
        assert f"{tmp_path}/net.py" in said
        assert "--hostbox" in said
        monkeypatch.setattr(shipping, "MOST_BYTES", 10)
        await pilot.press("f5")
        await until(pilot, lambda: bool(screen.app._notifications))
        (toast,) = screen.app._notifications
        assert "too large to send" in toast.message
        assert isinstance(screen.app.screen, SetupScreen)
