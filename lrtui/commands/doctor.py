"""`lrtui doctor`: what this machine has for a range test, and why the rest does not work here."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator

import msgspec

from lrtui import __version__, paths
from lrtui.commands.streams import ANSWER, USAGE, USER_FAILED, printable, put
from lrtui.launch.machine import findings
from lrtui.protocol import Findings
from lrtui.tui.terminal import refusal


class Home(msgspec.Struct, frozen=True):
    """Where records are kept; `problem` is why they cannot be."""

    path: str
    free_bytes: int = 0
    problem: str = ""


class Terminal(msgspec.Struct, frozen=True):
    """What the app would be drawn on; `problem` is why it cannot be."""

    columns: int
    lines: int
    colours: str
    encoding: str
    problem: str = ""


class Report(msgspec.Struct, frozen=True):
    """All of it; `problem` is why nothing is known of torch."""

    lrtui: str
    python: str
    machine: Findings | None
    problem: str
    home: Home
    terminal: Terminal


def doctor(as_json: bool) -> int:
    """Print what there is; the exit code that `lrtui run` would come to for want of torch or of a home."""
    found = findings()
    machine, problem = (None, found) if isinstance(found, str) else (found, "")
    report = Report(__version__, platform.python_version(), machine, problem, home(), terminal())
    code = USAGE if report.home.problem else USER_FAILED if problem else ANSWER
    if as_json:
        return put([msgspec.json.format(msgspec.json.encode(report), indent=2).decode()], code)
    return put((f"{name:13}{printable(text)}".rstrip() for name, text in lines(report)), code)


def lines(report: Report) -> Iterator[tuple[str, str]]:
    """The report as names and what is to be said of them."""
    yield "lrtui", report.lrtui
    yield "python", f"{report.python} ({sys.executable})"
    if report.machine is None:
        yield "torch", report.problem
    else:
        yield from _of_machine(report.machine)
    home = report.home
    yield (
        "home",
        f"{home.path}: {home.problem or f'writable, {home.free_bytes / 2**30:.0f} GiB free'}",
    )
    screen = report.terminal
    size = f"{screen.columns}×{screen.lines}" if screen.columns else "size unknown"
    yield "terminal", f"{size}, {screen.colours}, {screen.encoding}"
    if screen.problem:
        yield "", screen.problem


def _of_machine(machine: Findings) -> Iterator[tuple[str, str]]:
    yield "torch", f"{machine.torch}, {_cuda(machine)}"
    for name in ("torchvision", "timm"):
        yield name, getattr(machine, name) or f"not installed: pip install {name}"
    yield "apex", f"fused optimizers: {machine.fused or 'work'}"
    for device in machine.devices:
        yield "device", ", ".join(part for part in (device.device, device.name) if part)
        for precision, reason in device.precisions.items():
            yield f"  {precision}", reason or "works"


def _cuda(machine: Findings) -> str:
    if not machine.cuda:
        return "built without CUDA"
    seen = any(device.device.startswith("cuda") for device in machine.devices)
    return f"built for CUDA {machine.cuda}{'' if seen else ', but it sees no GPU'}"


def home() -> Home:
    """Whether a record could be written, by writing something."""
    try:
        folder = paths.runs()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
        return Home(str(paths.data()), shutil.disk_usage(folder).free)
    except OSError as error:
        where = str(error.filename or os.environ.get("LRTUI_HOME", ""))
        return Home(where, problem=f"{error.strerror}; LRTUI_HOME sets another")


def terminal() -> Terminal:
    """What the environment says of it: nothing is asked of the terminal itself."""
    size = shutil.get_terminal_size((0, 0))
    encoding = getattr(sys.stdout, "encoding", None) or "no encoding"
    return Terminal(size.columns, size.lines, _colours(), encoding.upper(), refusal())


def _colours() -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256" in os.environ.get("TERM", "") else "16 colours"
