"""What every part of the run screen stands on: the driver's events are polled, folded into a view, and drawn."""

import threading
from importlib import import_module

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from lrtui.launch.driver import Driver
from lrtui.spec import RunSpec
from lrtui.tui.chart.widget import Chart
from lrtui.tui.clean import clean
from lrtui.tui.run.answer import Answer
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.head import Head
from lrtui.tui.run.picture import picture
from lrtui.tui.run.state import RunState
from lrtui.tui.run.status import status
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet

WIDTHS = [(0, "-narrow"), (92, "-normal"), (140, "-wide")]
POLL = 0.22  # seconds: 4-5 frames a second are fluent, and over SSH they are cheap
_AT_ONCE = 20_000  # events a poll, so that a backlog cannot freeze the keys


class RunBase(Screen[None]):
    """One driver's runs, one after the other. The keys are in the classes that build on it."""

    DEFAULT_CSS = """
    RunBase {
        #body { height: 1fr; }
        #chart { width: 1fr; height: 1fr; margin: 0 1 0 0; }
        #status { height: auto; max-height: 6; min-height: 2; }
        &.-wide Answer { width: 44; }
        &.-narrow {
            #body { layout: vertical; }
            #chart { margin: 0; }
            Answer {
                width: 1fr;
                height: 7;
                layout: horizontal;
                padding: 0;
                border-left: none;
                border-top: solid $border-blurred;
            }
            #suggestion { width: 1fr; }
            #bounds { width: 27; margin: 0 0 0 2; }
            #rules { display: none; }
        }
    }
    """
    HORIZONTAL_BREAKPOINTS = WIDTHS
    AUTO_FOCUS = None

    def __init__(self, driver: Driver, spec: RunSpec, *, alone: bool = False) -> None:
        super().__init__()
        self.driver = driver
        self.alone = alone  # no form behind: escape leaves the app
        self.view = RunState(spec)
        self.boundaries: Boundaries | None = None
        self._read = 0

    def compose(self) -> ComposeResult:
        yield Head()
        with Horizontal(id="body"):
            yield Chart(id="chart")
            yield Answer(id="answer")
        yield Quiet(id="status")
        yield KeyBar(roomy_from=WIDTHS[1][0])

    def on_mount(self) -> None:
        if not self.driver.busy and not self.driver.events:
            self.driver.run(self.view.spec)
        self.settle()
        self.set_interval(POLL, self.poll)
        self.call_after_refresh(self.show)

    def on_unmount(self) -> None:
        self.driver.close()

    def poll(self) -> None:
        """Read what the run has told since the last time, and draw it."""
        fresh = self.driver.events[self._read : self._read + _AT_ONCE]
        if not fresh:
            return
        self._read += len(fresh)
        before = self.view.phase, self.view.checking, self.view.suggested
        for event in fresh:
            self.view.feed(event)
        self.settle()
        self.show()
        if (self.view.phase, self.view.checking, self.view.suggested) != before:
            self.refresh_bindings()
        if self.view.ended is not None:
            _warm()

    def settle(self) -> None:
        """Boundaries that nobody has placed follow the proposal; a chart that stays empty has none."""
        if self.view.phase in ("resetting", "reset") or (self.view.ended and not self.view.curves):
            self.boundaries = None
            return
        resting = self.view.proposal or self.view.resting
        self.boundaries = (
            self.boundaries or Boundaries(resting.start_lr, resting.end_lr)
        ).proposed(resting)

    def show(self) -> None:
        """Draw what is known."""
        self.query_one(Head).show(self.view)
        self.query_one(Chart).show(picture(self.view, self.boundaries))
        self.query_one(Answer).show(self.view, self.boundaries)
        started = self.view.started
        log = started.log if started else str(getattr(self.driver, "log", ""))
        self.query_one("#status", Quiet).show(status(self.view, log, self.boundaries), layout=True)

    def tell(self, text: str, *, warn: bool = False) -> None:
        """A short message in the corner; never through markup."""
        self.notify(
            clean(text), markup=False, severity="warning" if warn else "information", timeout=4
        )

    def copy(self, text: str, words: str) -> None:
        """Put a text on the clipboard, and say so."""
        self.app.copy_to_clipboard(text)
        self.tell(f"copied {words}")


def _warm() -> None:
    """Import what recomputing needs beside the screen, so that the first key that asks for it does not wait."""
    threading.Thread(
        target=import_module, args=("lrtui.tui.run.recompute",), name="warm", daemon=True
    ).start()
