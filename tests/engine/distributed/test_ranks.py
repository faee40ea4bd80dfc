"""Two ranks on the CPU: what each of them saw, beside a run of one process on the same batches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.distributed import on_ranks
from tests.engine.distributed.on_ranks import CASES, Seen

SECONDS = 150
WRAPPED = ("ddp", "fsdp")
CALM = 30  # steps of a curve that diverges at the 44th


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Seen]:
    """What both ranks wrote, by the name of the case. Judged by that, not by how they exit."""
    folder = tmp_path_factory.mktemp("ranks")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    script = str(Path(on_ranks.__file__))
    root = str(Path(on_ranks.__file__).parents[3])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": root}
    subprocess.run([*torchrun, script, str(folder)], timeout=SECONDS, check=False, env=environment)
    first, second = (json.loads((folder / f"{rank}.json").read_text()) for rank in range(2))
    return first, second


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("case", CASES)
def test_the_curve_is_that_of_one_process_on_the_same_batches(
    ranks: tuple[Seen, Seen], wrapped: str, case: str
) -> None:
    seen = ranks[0][f"{wrapped} {case}"]
    alone = on_ranks.on_one_process(case)
    assert seen["status"] == alone["status"]
    for name, values in alone["history"].items():
        assert len(seen["history"][name]) == len(values)
        # where the loss blows up, a difference of rounding grows from step to step
        compared = CALM if case == "diverging" else len(values)
        expected = pytest.approx(values[:compared], rel=1e-6, abs=1e-6)
        assert seen["history"][name][:compared] == expected, name


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("case", [*CASES, "bf16"])
def test_every_rank_has_the_same_history_and_end_and_its_own_state_back(
    ranks: tuple[Seen, Seen], wrapped: str, case: str
) -> None:
    first, second = (seen[f"{wrapped} {case}"] for seen in ranks)
    assert first["history"] == second["history"]
    assert (first["status"], first["reason"]) == (second["status"], second["reason"])
    before, after, restored = first["digests"]
    assert before != after
    assert restored == before
    assert second["digests"] == first["digests"]


def test_only_the_first_rank_prints(ranks: tuple[Seen, Seen]) -> None:
    first, second = (seen["ddp plain"]["printed"] for seen in ranks)
    assert "search finished: all 30 iterations ran" in first
    assert second == ""


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_nan_of_one_rank_stops_both_at_the_same_step(
    ranks: tuple[Seen, Seen], wrapped: str
) -> None:
    first, second = (seen[f"{wrapped} nan"] for seen in ranks)
    assert first["status"] == "diverged"
    # example 41 is in the part of the second rank, and in the third batch
    assert first["reason"].endswith("batch 3 (iteration 2): the input has nan in row 4")
    assert len(first["history"]["lr"]) == 3
    assert json.dumps(second) == json.dumps(first)


def test_an_error_of_one_rank_ends_both_at_the_same_step_with_all_put_back(
    ranks: tuple[Seen, Seen],
) -> None:
    first, second = (seen["ddp error"] for seen in ranks)
    assert first["error"] == "RankError: rank 1: ValueError: a bad row"
    assert second["error"].startswith("ValueError: a bad row")
    assert first["steps"] == second["steps"] == 6
    assert first["exact"]
    assert second["exact"]


def test_a_time_limit_ends_both_at_the_same_step(ranks: tuple[Seen, Seen]) -> None:
    first, second = (seen["ddp time"] for seen in ranks)
    assert first["reason"].startswith("out of time")
    assert second == first


def test_repeats_draw_the_same_weights_on_both_and_other_orders(ranks: tuple[Seen, Seen]) -> None:
    for case in ("ddp repeats", "ddp orders"):
        first, second = (seen[case] for seen in ranks)
        assert first["histories"] == second["histories"]
        assert first["histories"][0]["loss"] == ranks[0]["ddp plain"]["history"]["loss"]
        assert first["histories"][1]["loss"] != first["histories"][0]["loss"]
        assert first["digests"] == second["digests"]


def test_a_model_that_is_not_wrapped_is_tested_by_one_rank_alone(ranks: tuple[Seen, Seen]) -> None:
    assert ranks[0]["alone"]["status"] == "completed"
