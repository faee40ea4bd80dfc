"""Display: Textual's driver, for terminals of any size that stop, stop reading or go away."""

import asyncio
import os
import signal
import sys
from io import BufferedWriter, TextIOWrapper
from typing import TYPE_CHECKING, cast

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from lrtui.shell.streams import Descriptor

if TYPE_CHECKING:
    from lrtui.tui.app import LrtuiApp

# a picture of more cells takes seconds to draw; the rest of a larger terminal stays blank
MOST = Size(500, 200)


def sane(size: Size) -> Size:
    """The part of a terminal that is drawn on."""
    return Size(min(size.width, MOST.width), min(size.height, MOST.height))


class Display(LinuxDriver):
    """Draws on the upper left `MOST` cells of a terminal, in UTF-8, until the terminal is gone."""

    def __init__(
        self,
        app: "LrtuiApp",
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._size = self._get_terminal_size()
        self._continued = False  # since the last stop
        self._screen = 2
        if sys.__stderr__ is not None:
            self._screen = sys.__stderr__.fileno()
        # once the terminal is gone, output is dropped: Textual's writer would block the app
        writer = BufferedWriter(Descriptor(self._screen))
        self._file = TextIOWrapper(writer, encoding="utf-8", errors="replace")

    def start_application_mode(self) -> None:
        """Take the terminal, and have signals end the app from now on."""
        app = cast("LrtuiApp", self._app)
        app.departure.watch(self.fileno, self._screen, app.leave)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGWINCH, self._resized)

    def _resized(self, *_: object) -> None:
        """Look at the size in the loop.

        Textual looks in the handler, which the next signal may interrupt: then the older size comes
        last.
        """
        if not self._in_band_window_resize:
            # the way that Textual's first message goes, so that it stays behind that one
            asyncio.run_coroutine_threadsafe(self._tell_size(), self._loop)

    async def _tell_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    def process_message(self, message: Message) -> None:
        """Pass on what the terminal said; its size as far as it is drawn on."""
        if isinstance(message, events.Resize):
            size = sane(message.size)
            message = events.Resize(size, size, size, message.pixel_size)
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's size, as far as it is drawn on."""
        size = sane(Size(*super()._get_terminal_size()))
        return size.width, size.height

    def suspend(self) -> bool:
        """Stop, with all of this job, as a terminal's ctrl+z does, until the shell continues it.

        Returns:
            False where no shell could: the system does not stop such a process.
        """
        self.suspend_application_mode()
        self._must_signal_resume, self._continued = True, False
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        if not self._continued:
            self._take_again()
        return self._continued

    def _sigtstp_application(self, *_: object) -> None:
        """Stop, with the terminal given back; in the loop, which may hold locks at this moment."""
        self._loop.call_soon_threadsafe(super()._sigtstp_application)

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again; after `bg` it is the shell's, and the app stops once more."""
        self._continued = True
        if self._auto_restart and not self._in_foreground():
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self._auto_restart:
            self._loop.call_soon_threadsafe(self._take_again)

    def _take_again(self) -> None:
        """Begin anew, also after a stop that could not be handled: SIGSTOP's."""
        if not self._must_signal_resume:
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()

    def _in_foreground(self) -> bool:
        """Whether the terminal is ours to draw on."""
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # it is gone: the next that reads it notices that
            return True
