"""What reads foreign input: its seeds, and a function that raises only where lrtui is at fault."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec
import numpy as np

from lrtui import paths, specfile
from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import ANY_PLAN
from lrtui.analysis.curve import Curve
from lrtui.catalog import values
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Field, Kind, Role
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.source.reader import offers_in_file
from lrtui.catalog.trust import items
from lrtui.commands.answer import summary
from lrtui.commands.opening import UNREADABLE
from lrtui.commands.streams import printable
from lrtui.events import Event, encode
from lrtui.protocol import Describe, Ready, Run, decode_command, decode_message
from lrtui.protocol import encode as encode_message
from lrtui.record import RecordError, from_json, to_json
from lrtui.runs.curves import with_answer
from lrtui.runs.foreign import load_result
from lrtui.runs.recover import recover
from lrtui.runs.tools import Smoothing, Tool
from lrtui.spec import Choice, RunSpec, SpecError, to_toml
from lrtui.sweep import grid
from lrtui.tui.clean import clean
from lrtui.tui.config import ConfigError, read_config
from tests.sample import ENDED, STARTED, SUGGESTED, steps

_TESTS = Path(__file__).parents[1]

Read = Callable[[bytes, Path], None]


class Target(NamedTuple):
    """One reader.

    Attributes:
        name: for the command.
        seeds: inputs that it reads without complaint.
        read: reads an input, with a folder of its own; raises where something is wrong with us.
    """

    name: str
    seeds: tuple[bytes, ...]
    read: Read


def refused(error: Exception) -> None:
    """Check that a refusal says something; `say` puts it into one line that is not too long."""
    assert str(error), "a refusal without a word"


def read_spec(data: bytes, folder: Path) -> None:
    """A spec in a file; one that is read is written and read again."""
    path = folder / "spec.toml"
    path.write_bytes(data)
    try:
        spec = specfile.read(path)
    except SpecError as error:
        refused(error)
        return
    assert specfile.parse(to_toml(spec)) == spec or "nan" in to_toml(spec)


def read_assignment(data: bytes, folder: Path) -> None:
    """`--set` of the command line."""
    try:
        specfile.override(RunSpec(), data.decode("utf-8", "surrogateescape"))
    except SpecError as error:
        refused(error)


def read_grid(data: bytes, folder: Path) -> None:
    """A grid in a file."""
    path = folder / "grid.toml"
    path.write_bytes(data)
    try:
        grid.read(path)
    except SpecError as error:
        refused(error)


def read_settings(data: bytes, folder: Path) -> None:
    """config.toml."""
    path = folder / "config.toml"
    path.write_bytes(data)
    try:
        read_config(path)
    except ConfigError as error:
        refused(error)


def read_record(data: bytes, folder: Path) -> None:
    """A record; one that is read is put into words, and written and read again."""
    try:
        record = from_json(data)
    except RecordError as error:
        refused(error)
        return
    again = from_json(to_json(record))
    assert to_json(again) == to_json(record)
    for line in _words(data):
        assert printable(line).isprintable()


def _words(data: bytes) -> list[str]:
    try:
        return list(summary(with_answer(from_json(data)), "record.json", rules=False))
    except UNREADABLE as error:
        return [str(error)]  # nearly a record: `show` says so in a line


def read_result(data: bytes, folder: Path) -> None:
    """A result of another finder, whatever the user says of its losses."""
    path = folder / "theirs"
    path.write_bytes(data)
    for tool in (None, *get_args(Tool)):
        try:
            record = load_result(path, Smoothing(tool)).record
            answered = with_answer(record)
        except RecordError as error:
            refused(error)
            return
        except UNREADABLE:
            return  # nearly a record: `show` says so in a line
        assert from_json(to_json(answered)).history.lr == record.history.lr


def read_journal(data: bytes, folder: Path) -> None:
    """A journal of a run that was cut off."""
    path = folder / "01JD0000000000000000000000.jsonl"
    path.write_bytes(data)
    try:
        recover(path)
    except RecordError as error:
        refused(error)
        assert path.read_bytes() == data
        return
    from_json(path.with_suffix(".json").read_bytes())


def read_message(data: bytes, folder: Path) -> None:
    """What comes from a worker, and what goes to it."""
    for decode in (decode_message, decode_command):
        try:
            decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue


def read_target(data: bytes, folder: Path) -> None:
    """The name of a model, data, optimizer or loss."""
    choice = Choice(data.decode("utf-8", "surrogateescape"))
    installed = Installed()
    for role in get_args(Role):
        try:
            items(role, choice, installed)
        except CatalogError as error:
            refused(error)


def read_source(data: bytes, folder: Path) -> None:
    """A Python file that is listed and not run."""
    path = folder / "net.py"
    path.write_bytes(data)
    for role in get_args(Role):
        try:
            offers_in_file(path, role)
        except CatalogError as error:
            refused(error)


def read_value(data: bytes, folder: Path) -> None:
    """What a person types into a field; a value that fits is shown and read again."""
    text = data.decode("utf-8", "surrogateescape")
    for kind in get_args(Kind):
        field = Field(name="width", kind=kind, optional=True, choices=("sum", "mean"))
        try:
            value = values.parse(field, text)
        except ValueError as error:
            refused(error)
            continue
        values.show(field, value)


def read_text(data: bytes, folder: Path) -> None:
    """What others wrote, on the way to the terminal."""
    text = data.decode("utf-8", "surrogateescape")
    for safe in (clean(text), printable(text)):
        assert not any(letter in safe for letter in "\x1b\x9b\x07\n\r\u202e\x00")
        safe.encode()


def read_curve(data: bytes, folder: Path) -> None:
    """A measured curve: eight bytes a loss. Analysis answers whatever they are."""
    losses = np.frombuffer(data[: len(data) // 8 * 8], "<f8")[:400]
    curve = Curve(np.geomspace(1e-7, 10, max(len(losses), 1))[: len(losses)], losses)
    with np.errstate(all="ignore"):
        analysis = analyse([curve], None, ANY_PLAN)
    suggestion = analysis.suggestion
    assert suggestion.verdict != "analysis_failed", suggestion.reason
    assert suggestion.lr is None or 0 < suggestion.lr < float("inf")


def targets() -> dict[str, Target]:
    """All targets by name."""
    specs = (to_toml(RunSpec()).encode(), b'model = "net.py:MLP"\nrange.num_iter = 100\n')
    grids = (
        b'[grid]\n"optimizer.target" = ["torch.optim:SGD"]\n"loader.batch_size" = [16, 64]\n',
        *specs,
    )
    settings = (b'[keys]\n"run.stop" = "x"\n[app]\nascii = true\nmouse = false\n',)
    records = tuple(path.read_bytes() for path in sorted((_TESTS / "golden").glob("*.json")))
    history = b'{"lr": [1e-7, 1e-6, 1e-5], "loss": [2.3, 2.2, 2.1]}'
    results = (
        history,
        b"[[1e-7, 1e-6, 1e-5], [2.3, 2.2, 2.1]]",
        b'{"lrs": [1e-7, 1e-6], "losses": [2.3, NaN]}',
        b"repeat,lr,raw_loss\n0,1e-4,2.5\n1,1e-4,\n",
        b"# a log\nstep, Loss ,Learning_Rate\n0,2.5,1e-4\n1,inf,1e-3\n",
    )
    events: tuple[Event, ...] = (STARTED, *steps(12), SUGGESTED, ENDED)
    journal = b"".join(encode(event) for event in events)
    messages = (
        *(encode(event) for event in events),
        encode_message(Ready(torch="2.14.1", devices=("cpu",))),
        encode_message(Run(spec=RunSpec(), id=STARTED.id)),
        encode_message(Describe(role="model", where="net.py")),
    )
    modules = (
        *sorted(paths.sample_models().glob("*.py")),
        *sorted((_TESTS / "field").glob("*.py"))[:6],
    )
    sources = tuple(path.read_bytes() for path in modules)
    names = (b"torch.nn:Linear", b"net.py:MLP", b"lrtui:digits", b"~/nets/a.py:b.c", b"auto")
    typed = (b"0.1", b"1e-3", b"none", b"true", b"0.9, 0.999", b"[1, 2]", b"mean", b"1_000")
    sets = (b"range.num_iter=100", b"model.width=[1, 2]", b"seed=1", b"loss.reduction=sum")
    curves = tuple(struct.pack("<60d", *losses) for losses in _losses())
    all_targets = (
        Target("spec", specs, read_spec),
        Target("set", sets, read_assignment),
        Target("grid", grids, read_grid),
        Target("config", settings, read_settings),
        Target("record", (*records, history), read_record),
        Target("result", results, read_result),
        Target("journal", (journal,), read_journal),
        Target("message", messages, read_message),
        Target("target", names, read_target),
        Target("source", sources, read_source),
        Target("value", typed, read_value),
        Target("text", (*names, *typed, "ünïcode".encode()), read_text),
        Target("curve", curves, read_curve),
    )
    return {target.name: target for target in all_targets}


def _losses() -> list[list[float]]:
    places = np.linspace(0, 1, 60)
    valley = 2.3 - np.exp(-((6 * (places - 0.6)) ** 2)) + np.where(places > 0.9, 50.0, 0.0)
    return [list(valley), [0.0] * 60, list(1e300 * valley), list(np.tile([1.0, 2.0], 30))]
