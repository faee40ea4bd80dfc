"""Every reader, with the mutators of `python -m tests.fuzz`; hypothesis chooses and shrinks."""

import random
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.fuzz import fuzz, what_fails
from tests.fuzz.mutate import MUTATORS, mutated
from tests.fuzz.targets import Target, targets

TARGETS = targets()
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def quiet() -> None:
    warnings.simplefilter("ignore", SyntaxWarning)  # of sources that are parsed


@pytest.mark.parametrize("name", TARGETS)
@QUICK
@given(chance=st.randoms(use_true_random=False))
def test_whatever_comes_is_read_or_refused(
    name: str, chance: random.Random, tmp_path: Path
) -> None:
    target = TARGETS[name]
    data = mutated(target.seeds, chance)
    assert what_fails(target, data, tmp_path) == "", data


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_themselves_are_read(name: str, tmp_path: Path) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].read(seed, tmp_path)


def test_every_mutator_changes_something() -> None:
    chance, seeds = random.Random(1), (b"first = 1\nsecond = 2\n", b"other = 3\n")
    for mutator in set(MUTATORS):
        assert {mutator(seeds[0], chance, seeds) for _ in range(50)} - {seeds[0]}


def read_a_letter(data: bytes, folder: Path) -> None:
    """Fails for some inputs."""
    if data[:1] == b"x":
        raise ZeroDivisionError("as planted")


def test_the_loop_counts_and_keeps_what_fails(tmp_path: Path) -> None:
    target = Target("letter", (b"x1", b"y2"), read_a_letter)
    (tally,) = fuzz([target], seconds=0.3, seed=1, kept=tmp_path / "kept")
    (finding,) = tally.findings.values()
    assert tally.inputs > finding.times > 1
    assert "ZeroDivisionError at test_targets.py" in finding.what
    assert finding.input.read_bytes().startswith(b"x")


def test_a_hang_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.fuzz.LONGEST_SECONDS", 1)

    def read(data: bytes, folder: Path) -> None:
        while True:
            pass

    assert "HangError" in what_fails(Target("loop", (b"",), read), b"", tmp_path)
