"""The loop: mutated inputs for as long as one likes, counted, timed, and kept where they fail."""

import random
import resource
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import Target

LONGEST_SECONDS = 20  # of one input, then it counts as a hang


class HangError(Exception):
    """One input took too long."""


@dataclass
class Finding:
    """One way to fail, with the first input that did."""

    what: str
    times: int
    input: Path


@dataclass
class Tally:
    """What became of a target's inputs."""

    name: str
    inputs: int = 0
    slowest: float = 0.0  # seconds of one input
    grown: int = 0  # KB that the process's peak memory grew by
    findings: dict[str, Finding] = field(default_factory=dict)


def fuzz(targets: Sequence[Target], seconds: float, seed: int, kept: Path) -> list[Tally]:
    """Give every target mutated inputs in turn.

    Args:
        targets: what reads them.
        seconds: for all targets together.
        seed: of the mutations.
        kept: the folder for inputs that fail; it is made when there is one.
    """
    tallies = []
    share = seconds / len(targets)
    for target in targets:
        chance = random.Random(f"{seed} {target.name}")
        tallies.append(_fuzz_one(target, share, chance, kept))
    return tallies


def _fuzz_one(target: Target, seconds: float, chance: random.Random, kept: Path) -> Tally:
    tally = Tally(target.name)
    before = _peak_memory()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            data = mutated(target.seeds, chance)
            began = time.process_time()
            problem = what_fails(target, data, Path(folder))
            tally.slowest = max(tally.slowest, time.process_time() - began)
            tally.inputs += 1
            if problem:
                _note(tally, problem, data, kept)
    tally.grown = _peak_memory() - before
    return tally


def what_fails(target: Target, data: bytes, folder: Path) -> str:
    """The error that an input brings up, with the line of lrtui's that raises it; "" for none."""
    try:
        with _time_limit():
            target.read(data, folder)
    except Exception as error:  # noqa: BLE001 - whatever comes out is the finding
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "lrtui" in Path(frame.filename).parts]
        place = own[-1] if own else frames[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return f"{type(error).__name__} at {where}: {str(error)[:100]!r}"
    return ""


def _note(tally: Tally, problem: str, data: bytes, kept: Path) -> None:
    key = problem.partition(": ")[0]
    if key in tally.findings:
        tally.findings[key].times += 1
        return
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"{tally.name}-{len(tally.findings)}"
    path.write_bytes(data)
    tally.findings[key] = Finding(problem, 1, path)


@contextmanager
def _time_limit() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError(f"more than {LONGEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _peak_memory() -> int:
    """KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
