"""Which rank is named for a failure."""

import pytest

from lrtui.events import Ended
from lrtui.worker.ranks.blame import before_traceback, blamed, death, is_by_others, ranks_named
from lrtui.worker.ranks.lines import Failed


def failed(rank: int, reason: str) -> Failed:
    ended = Ended(status="failed", phase="training", reason=reason, seconds=1.0)
    return Failed(rank=rank, ended=ended, by_others=is_by_others(reason))


def reason(*failures: Failed, local: int = 2, size: int = 2) -> str:
    by_rank = {each.rank: each for each in failures}
    return blamed(by_rank, range(local), size, 60.0).reason


def test_the_rank_with_an_error_of_its_own_is_named() -> None:
    noticed = failed(0, "RankError: rank 1: ValueError: a bad row")
    assert reason(noticed, failed(1, "ValueError: a bad row")) == "rank 1: ValueError: a bad row"


def test_what_fails_everywhere_is_of_no_rank() -> None:
    assert reason(failed(0, "no such file"), failed(1, "no such file")) == "no such file"


def test_a_rank_that_said_nothing_while_others_waited_hangs() -> None:
    said = reason(failed(0, "RuntimeError: Timed out waiting 60000ms for recv"))
    assert said.startswith("rank 1 did not answer for 60 s (devices.timeout): it hangs")


def test_a_failure_on_another_machine_is_said_to_be_there() -> None:
    closed = failed(0, "RuntimeError: Connection closed by peer [10.0.0.2]")
    assert reason(closed, local=1).startswith("a rank on another machine has failed: ")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (3, "rank 2 exited with code 3"),
        (-9, "rank 2 was ended by SIGKILL (out of memory, or killed from outside)"),
        (-250, "rank 2 was ended by signal 250"),
    ],
)
def test_a_death_is_told(code: int, said: str) -> None:
    assert death(2, code) == said


def test_several_ranks_are_listed() -> None:
    assert ranks_named([1]) == "rank 1"
    assert ranks_named([1, 2, 5]) == "ranks 1, 2 and 5"


def test_the_traceback_of_any_rank_is_no_output() -> None:
    assert before_traceback(["epoch 1", "Traceback (most recent call last):", "x"]) == ["epoch 1"]
