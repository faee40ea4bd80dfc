"""`lrtui run` as a whole: what it prints where, what it keeps, and its exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lrtui.analysis.plan import SCHEDULES
from tests.commands.invoking import invoke
from tests.slowly import slow_after
from tests.user_modules import module

SGD = [
    "--model",
    "sample_models/mlp.py:MLP",
    "--optimizer",
    "torch.optim:SGD",
    "--set",
    "optimizer.momentum=0.9",
]
QUICK = [*SGD, "--num-iter", "300", "--start-lr", "1e-5", "--batch-size", "32"]


def lrtui(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lrtui.cli", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def strict(text: str) -> dict[str, Any]:
    """A JSON object; Python's own constants, such as NaN, fail."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads(text, parse_constant=refuse)
    assert isinstance(document, dict)
    return document


def test_an_answer_is_confirmed_and_shown_as_a_table_and_as_lines_of_code() -> None:
    done = lrtui(*QUICK, "--race", "900", "--stability")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (verdict,) = (line for line in lines if line.startswith("race     "))
    assert verdict.split()[1] in ("confirmed:", "replaced:", "tie:", "open:")
    indented = [line.split() for line in lines if line.startswith("         ")]
    first = indented.index(["lr", "what", "loss", "steps"])
    table = indented[first:]
    rates = [float(row[0]) for row in table[1:]]
    assert rates == sorted(rates)
    assert len(rates) >= 3
    assert any("suggestion" in row for row in table[1:])
    code = [line for line in lines if line.startswith("code     ")]
    assert len(code) == 2  # of one-cycle the race says nothing
    assert "torch.optim.SGD(model.parameters()" in code[0]
    assert "momentum=0.9" in code[0]
    assert "CyclicLR" in code[1]
    assert any(line.startswith("stable   ") for line in lines)
    assert "trial of" in done.stderr


@pytest.mark.parametrize("schedule", slow_after(1, ["constant", "one-cycle", "cosine"]))
@pytest.mark.slow
def test_json_is_one_valid_document_with_all_that_was_measured(schedule: str) -> None:
    done = lrtui(*QUICK, "--race-seconds", "8", "--schedule", schedule, "--json")
    assert done.returncode == 0, done.stderr
    record = strict(done.stdout)
    trials = [measured for measured in record["measured"] if measured["name"] == "trial"]
    result = record["measured"][-1]
    assert result["name"] == "confirmation"
    assert {measured["schedule"] for measured in [*trials, result]} == {schedule}
    assert result["problem"] == ""
    assert sum(trial["iterations"] for trial in trials) == result["iterations"] > 0


def test_without_an_answer_nothing_is_confirmed() -> None:
    done = lrtui(
        *SGD, "--num-iter", "30", "--start-lr", "1e-9", "--end-lr", "1e-8", "--confirm", "900"
    )
    assert done.returncode == 3
    assert "no learning rate" in done.stdout
    assert "trials" not in done.stdout


def test_a_budget_that_is_too_small_says_what_the_least_is() -> None:
    done = lrtui(*QUICK, "--confirm", "5")
    assert done.returncode == 2
    assert "5 iterations are too few to race 3 learning rates: 60 are the least" in done.stderr
    assert done.stdout == ""


def test_a_missing_answer_to_confirm_is_noted() -> None:
    done = lrtui("--num-iter", "20", "--start-lr", "1e-9", "--end-lr", "1e-8", "--confirm", "60")
    assert done.returncode == 3
    assert "no learning rate to confirm" in done.stderr


@pytest.mark.parametrize("schedule", slow_after(2, SCHEDULES))
def test_the_answer_is_for_the_plan_in_every_form_of_output(home: Path, schedule: str) -> None:
    plan = ("--schedule", schedule, "--epochs", "20", "--warmup-steps", "50")
    done = lrtui(*QUICK, *plan)
    assert done.returncode == 0, done.stderr
    (lr,) = (line for line in done.stdout.splitlines() if line.startswith("lr  "))
    assert lr.endswith(f" · {schedule} · 880 steps, 50 of them warm-up")  # 44 batches
    (path,) = home.glob("runs/*.json")
    record = strict(path.read_text())
    assert record["plan"] == {"schedule": schedule, "steps": 880, "warmup": 50}
    assert record["spec"]["plan"] == {
        "schedule": schedule,
        "steps": 0,
        "epochs": 20,
        "warmup": 50,
    }
    suggestion = record["suggestion"]
    assert (suggestion["schedule"], suggestion["steps"]) == (schedule, 880)
    assert record["by_schedule"][schedule] == suggestion["lr"]
    code = [line for line in done.stdout.splitlines() if line.startswith("code     ")]
    assert f"lr={suggestion['lr']:.3g}" in code[0]


@pytest.mark.slow
def test_a_long_training_gets_an_interval_and_what_the_trials_cost() -> None:
    done = lrtui(*QUICK, "--steps", "20000")
    assert done.returncode == 0, done.stderr
    (lr,) = (line for line in done.stdout.splitlines() if line.startswith("lr  "))
    assert re.fullmatch(r"lr       \S+ to \S+ · constant · 20,000 steps", lr)
    assert "--race 9400" in done.stdout
    assert "9,400 steps in all" in done.stdout


def test_a_plan_that_contradicts_itself_is_a_usage_error() -> None:
    done = lrtui(*QUICK, "--steps", "100", "--epochs", "2")
    assert done.returncode == 2
    assert "plan.epochs: steps (100) are given too" in done.stderr


@pytest.mark.slow
def test_ctrl_c_in_mid_confirmation_keeps_the_run_and_its_trials(home: Path) -> None:
    arguments = [sys.executable, "-m", "lrtui.cli", "run", *QUICK, "--confirm", "50000"]
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("trial of"):
            break
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert "open: stopped by the user" in output
    (path,) = (home / "runs").glob("*.json")
    record = strict(path.read_text())
    assert record["suggestion"]["lr"] is not None
    assert record["measured"][0]["name"] == "trial"
    assert "stopped by the user" in record["measured"][-1]["reason"]


@pytest.mark.parametrize("option", ["--race", "--race-seconds", "--confirm", "--confirm-seconds"])
@pytest.mark.parametrize("value", ["0", "-3", "many"])
def test_a_budget_that_is_no_positive_number_is_a_usage_error(option: str, value: str) -> None:
    assert lrtui(*QUICK, option, value).returncode == 2


def test_a_failed_run_prints_where_it_failed_and_the_last_prints_and_so_does_show(
    home: Path, tmp_path: Path
) -> None:
    body = "print(f'\\x1b[31mcall {self.calls}'); assert self.calls < 5, 'why'"
    done = lrtui("--model", module(tmp_path, "net", body), "--num-iter", "20")
    assert done.returncode == 4
    assert "too" not in done.stdout
    words = [f"where    {tmp_path}/net.py:13, in forward", "         call 5"]
    for line in words:
        assert line in done.stderr.splitlines()
    assert "\x1b" not in done.stderr
    (path,) = home.glob("runs/*.json")
    shown = invoke("show", str(path))
    assert shown.exit_code == 3
    lines = shown.stdout.splitlines()
    for line in words:
        assert line in lines
    assert any(line.startswith("log      ") for line in lines)
    assert "no learning rate: the run failed" in lines
