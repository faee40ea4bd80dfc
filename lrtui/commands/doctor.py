"""`lrtui doctor`: what this machine has for a range test, and why the rest does not work."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator

import msgspec
import platformdirs

from lrtui import __version__, paths
from lrtui.commands.streams import ANSWER, USAGE, USER_FAILED, json_text, printable, put
from lrtui.launch.machine import findings
from lrtui.protocol import Findings
from lrtui.tui.config import (
    DEFAULT,
    FILE,
    Config,
    ConfigError,
    Setting,
    ascii_setting,
    hangup_setting,
    mouse_setting,
    read_config,
)
from lrtui.tui.terminal import refusal


class Home(msgspec.Struct, frozen=True):
    """The folder of the records; `problem` says why nothing can be written there."""

    path: str
    free_bytes: int = 0
    problem: str = ""


class Terminal(msgspec.Struct, frozen=True):
    """What the app would be drawn on; `problem` says why it cannot be."""

    columns: int
    lines: int
    colours: str
    encoding: str
    problem: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """A setting of the app as it would be now, and what has set it."""

    name: str
    value: str
    source: str


class Report(msgspec.Struct, frozen=True):
    """The whole report; `problem` says why there are no findings about the machine."""

    lrtui: str
    python: str
    machine: Findings | None
    problem: str
    home: Home
    terminal: Terminal
    settings: tuple[Chosen, ...] = ()
    config_problem: str = ""


def doctor(as_json: bool) -> int:
    """Print the report; returns the exit code that says what keeps `lrtui run` from working."""
    report = examine()
    code = _exit_code(report)
    if as_json:
        return put([json_text(report)], code)
    lines: list[str] = []
    for name, text in report_lines(report):
        lines.append(f"{name:13}{printable(text)}".rstrip())
    return put(lines, code)


def examine() -> Report:
    """The report on this machine."""
    machine: Findings | None = None
    problem = ""
    answer = findings()
    if isinstance(answer, Findings):
        machine = answer
    else:
        problem = answer
    chosen, config_problem = settings()
    return Report(
        lrtui=__version__,
        python=platform.python_version(),
        machine=machine,
        problem=problem,
        home=home(),
        terminal=terminal(),
        settings=chosen,
        config_problem=config_problem,
    )


def _exit_code(report: Report) -> int:
    if report.home.problem:
        return USAGE
    if report.problem:
        return USER_FAILED
    return ANSWER


def report_lines(report: Report) -> Iterator[tuple[str, str]]:
    """The report as pairs of a name and a text."""
    yield "lrtui", report.lrtui
    yield "python", f"{report.python} ({sys.executable})"
    if report.machine is None:
        yield "torch", report.problem
    else:
        yield from _machine_lines(report.machine)
    yield "home", f"{report.home.path}: {_home_state(report.home)}"
    yield "terminal", _terminal_text(report.terminal)
    if report.terminal.problem:
        yield "", report.terminal.problem
    yield "config", report.config_problem or _config_state()
    for chosen in report.settings:
        yield f"  {chosen.name}", f"{chosen.value} ({chosen.source})"


def _machine_lines(machine: Findings) -> Iterator[tuple[str, str]]:
    yield "torch", f"{machine.torch}, {_cuda(machine)}"
    for name, version in (("torchvision", machine.torchvision), ("timm", machine.timm)):
        yield name, version or f"not installed: pip install {name}"
    yield "apex", f"fused optimizers: {machine.fused or 'work'}"
    for device in machine.devices:
        yield "device", f"{device.device}, {device.name}".removesuffix(", ")
        for precision, reason in device.precisions.items():
            yield f"  {precision}", reason or "works"


def _cuda(machine: Findings) -> str:
    if not machine.cuda:
        return "built without CUDA"
    for device in machine.devices:
        if device.device.startswith("cuda"):
            return f"built for CUDA {machine.cuda}"
    return f"built for CUDA {machine.cuda}, but it sees no GPU"


def _home_state(home: Home) -> str:
    return home.problem or f"writable, {home.free_bytes / 2**30:.0f} GiB free"


def _terminal_text(terminal: Terminal) -> str:
    size = f"{terminal.columns}×{terminal.lines}" if terminal.columns else "size unknown"
    return f"{size}, {terminal.colours}, {terminal.encoding}"


def home() -> Home:
    """The folder of the records; whether it can be written is found out by writing a file."""
    try:
        folder = paths.runs()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
        return Home(str(paths.data()), shutil.disk_usage(folder).free)
    except OSError as error:
        path = str(error.filename or os.environ.get("LRTUI_HOME", ""))
        return Home(path, problem=f"{error.strerror}; LRTUI_HOME sets another")


def terminal() -> Terminal:
    """The terminal as the environment describes it; the terminal itself is not queried."""
    size = shutil.get_terminal_size((0, 0))
    encoding = getattr(sys.stdout, "encoding", None) or "no encoding"
    return Terminal(size.columns, size.lines, _colours(), encoding.upper(), refusal())


def settings() -> tuple[tuple[Chosen, ...], str]:
    """How the app would be drawn if it were opened without flags; what is wrong with the file."""
    config, problem = Config({}), ""
    try:
        config = read_config(paths.config())
    except ConfigError as error:
        problem = str(error)
    colours, variable = _colours_and_variable()
    chosen = [
        _home_setting(),
        _switch("ascii", ascii_setting(None, config.ascii)),
        _switch("mouse", mouse_setting(None, config.mouse)),
        Chosen("on_hangup", *hangup_setting(None, config.on_hangup)),
        Chosen("colours", colours, variable),
        *_keys(config.keymap),
    ]
    return tuple(chosen), problem


def _home_setting() -> Chosen:
    override = os.environ.get("LRTUI_HOME")
    if override:
        return Chosen("folder", override, "LRTUI_HOME")
    return Chosen("folder", str(platformdirs.user_data_path("lrtui", appauthor=False)), DEFAULT)


def _switch(name: str, setting: Setting) -> Chosen:
    return Chosen(name, "on" if setting.value else "off", setting.source)


def _keys(keymap: dict[str, str]) -> Iterator[Chosen]:
    if not keymap:
        yield Chosen("keys", "as in the help", DEFAULT)
    for binding_id, key in keymap.items():
        yield Chosen("keys", f"{binding_id} = {key}", FILE)


def _config_state() -> str:
    path = paths.config()
    return f"{path}" if path.exists() else f"{path}: no such file, so defaults"


def _colours() -> str:
    colours, variable = _colours_and_variable()
    if variable == "NO_COLOR":
        return f"{colours} (NO_COLOR is set)"
    return colours


def _colours_and_variable() -> tuple[str, str]:
    """The colours that are used, and the variable of the environment that says so."""
    term = os.environ.get("TERM", "")
    if os.environ.get("NO_COLOR"):
        return "no colours", "NO_COLOR"
    colorterm = os.environ.get("COLORTERM", "")
    if colorterm.lower() in ("truecolor", "24bit"):
        return "16 million colours", f"COLORTERM={colorterm}"
    if "256" in term:
        return "256 colours", f"TERM={term}"
    return "16 colours", f"TERM={term}" if term else DEFAULT
