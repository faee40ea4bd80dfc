"""`lrtui show`: which record is shown, what is printed, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import Result

from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import ANY_PLAN, Bounds, Plan, Schedule, Suggestion
from lrtui.analysis.curve import exponential_average
from lrtui.analysis.plan import SCHEDULES
from lrtui.events import ConfirmationResult, Suggested, encode
from lrtui.record import History, RunRecord, from_events, to_json
from lrtui.runs.curves import curves_of
from lrtui.runs.store import journal_path, load, record_path, save
from tests.commands.invoking import invoke
from tests.report.trials import trial
from tests.sample import STARTED, run_events

RECORD = from_events(run_events())
assert RECORD.suggestion is not None
SUGGESTION = RECORD.suggestion


def kept(run_id: str, **changes: Any) -> RunRecord:
    record = msgspec.structs.replace(RECORD, id=run_id, **changes)
    save(record, record_path(run_id))
    return record


def show(*arguments: str) -> Result:
    return invoke("show", *arguments)


def curve() -> dict[str, list[float]]:
    """A history as torch_lr_finder keeps it, with a clear fall."""
    lr = np.geomspace(1e-6, 10, 400)
    rough = 0.002 * np.random.default_rng(0).standard_normal(400)
    loss = 2.3 - 2 / (1 + (1e-3 / lr) ** 2) + np.minimum(50, (lr / 0.5) ** 3) + rough
    return {"lr": lr.tolist(), "loss": loss.tolist()}


def bare_history() -> History:
    """The same curve in a record."""
    lr, loss = curve().values()
    return History(lr=lr, loss=list(loss))


def test_it_prints_what_lrtui_run_printed() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "lrtui.cli", "run", "--num-iter", "60", "--start-lr", "1e-5"],
        capture_output=True,
        text=True,
        check=False,
    )
    path = ran.stdout.splitlines()[-1].split()[1]
    done = show(path)
    assert done.stdout == ran.stdout
    assert done.exit_code == ran.returncode
    assert "sample_models/cnn.py:SmallCNN · lrtui:digits · torch.optim:AdamW · cpu" in done.stderr


def test_the_records_own_answer_is_shown() -> None:
    kept("01JD", repeats=[])
    done = show("01JD")
    assert done.exit_code == 0
    lr = "lr       3.0e-03 · constant · about 300 steps"
    assert lr in done.stdout.splitlines()
    assert "bounds   1.0e-03 to 1.0e-02" in done.stdout.splitlines()
    assert "the loss fell." in done.stdout
    assert "a notice" in done.stderr


def test_json_is_the_record_with_its_unknown_keys(tmp_path: Path) -> None:
    document = {**json.loads(to_json(RECORD)), "from_the_future": [1]}
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document))
    done = show(str(path), "--json")
    assert json.loads(done.stdout) == document
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["01JDAAAB", "01jdaaab", "01JDAAABCDEFGHJKMNPQRSTVWX"])
def test_an_id_or_its_beginning_in_upper_or_lower_case_finds_the_record(name: str) -> None:
    kept("01JDAAABCDEFGHJKMNPQRSTVWX")
    kept("01JDAAAAAAAAAAAAAAAAAAAAAA", suggestion=None, history=History())
    done = show(name)
    assert done.exit_code == 0
    assert "01JDAAABCDEFGHJKMNPQRSTVWX.json" in done.stdout


def test_a_beginning_of_several_ids_is_refused_with_the_ids() -> None:
    kept("01JDAAAA")
    kept("01JDAABB")
    done = show("01JDAA")
    assert done.exit_code == 2
    assert "01JDAAAA, 01JDAABB" in done.stderr
    assert done.stdout == ""


def test_a_file_takes_precedence_over_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept("01JD")
    monkeypatch.chdir(tmp_path)
    saved = msgspec.structs.replace(RECORD, status="completed", reason="the file's own")
    save(saved, tmp_path / "01JD")
    assert "the file's own" in show("01JD").stdout


def test_no_answer_is_exit_code_3_with_the_reason() -> None:
    refused = msgspec.structs.replace(
        SUGGESTION,
        lr=None,
        low=None,
        high=None,
        verdict="no_descent",
        reason="the loss never fell.",
    )
    kept("01JD", suggestion=refused, bounds=None)
    done = show("01JD")
    assert done.exit_code == 3
    assert "no learning rate can be recommended (no descent)" in done.stdout
    assert "the loss never fell." in done.stdout
    assert show("01JD", "--json").exit_code == 3


def test_a_history_of_torch_lr_finder_has_an_answer_without_code_for_its_unknown_optimizer(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(curve()))
    done = show(str(path))
    assert done.exit_code == 0, done.output
    (shown,) = (line.split()[1] for line in done.stdout.splitlines() if line.startswith("lr  "))
    assert 1e-5 < float(shown) < 0.5
    assert "code" not in done.stdout
    document = json.loads(show(str(path), "--json").stdout)
    assert f"{document['suggestion']['lr']:.1e}" == shown
    assert document["history"]["lr"] == curve()["lr"]


def test_a_history_is_unsmoothed_with_the_given_smoothing(tmp_path: Path) -> None:
    raw = curve()
    answers = []
    cases: list[tuple[float, list[str]]] = [
        (0.05, []),
        (0.05, ["--smooth-f", "0.05"]),
        (0.3, ["--smooth-f", "0.3"]),
    ]
    for smooth_f, flags in cases:
        path = tmp_path / f"{smooth_f}.json"
        smoothed = exponential_average(np.array(raw["loss"]), smooth_f).tolist()
        path.write_text(json.dumps({"lr": raw["lr"], "loss": smoothed}))
        done = show(str(path), *flags)
        assert done.exit_code == 0, done.output
        assert ("smoothed with 0.05" in done.stderr) is not bool(flags)
        lines = done.stdout.splitlines()
        answers.append([line for line in lines if line.startswith(("lr ", "from ", "bounds "))])
    assert answers[0] == answers[1] == answers[2]


def test_a_record_with_raw_losses_takes_no_smoothing() -> None:
    kept("01JD")
    done = show("01JD", "--smooth-f", "0.1")
    assert done.exit_code == 2
    assert "--smooth-f is for a torch_lr_finder history" in done.stderr


def test_without_an_answer_there_is_no_code_even_where_there_are_bounds() -> None:
    refused = Suggestion(verdict="too_noisy", reason="noise", method="")
    kept("01JD", suggestion=refused, bounds=Bounds(1e-4, 1e-2))
    done = show("01JD")
    assert "bounds   1.0e-04 to 1.0e-02" in done.stdout
    assert "code" not in done.stdout


def test_the_answer_and_the_code_have_the_rate_that_trials_found_better() -> None:
    refuted = ConfirmationResult(
        verdict="refuted",
        lr=SUGGESTION.lr,
        better=0.0123,
        reason="it is",
        schedule="constant",
        judged_by="validation loss",
        problem="",
    )
    kept("01JD", measured=[refuted])
    done = show("01JD")
    assert "lr       1.2e-02 · " in done.stdout
    assert f"the test alone: {SUGGESTION.lr:.1e}" in done.stdout
    assert "lr=0.012" in done.stdout
    assert "train at 1.2e-02 instead" in done.stdout


def test_an_answer_that_blew_up_in_a_stopped_race_is_shown_nowhere() -> None:
    lr = SUGGESTION.lr
    assert lr is not None
    trials = [trial(lr, None), trial(lr / 2.15, 0.4), trial(lr / 4.64, 0.9)]
    kept("01JD", measured=[*trials, ConfirmationResult(problem="stopped by the user")])
    done = show("01JD")
    assert done.exit_code == 0
    assert f"lr       {lr / 2.15:.1e} · " in done.stdout
    assert "lr=0.0014" in done.stdout
    assert "lr=0.003" not in done.stdout
    (row,) = (line for line in done.stdout.splitlines() if line.endswith("  pick"))
    assert row.split()[0] == f"{lr / 2.15:.2e}"


def test_where_every_trial_blew_up_no_rate_is_recommended() -> None:
    lr = SUGGESTION.lr
    assert lr is not None
    kept("01JD", measured=[trial(lr, None), trial(lr / 10, None)])
    done = show("01JD")
    assert done.exit_code == 3
    assert "no learning rate can be recommended" in done.stdout
    assert "code" not in done.stdout


def test_a_run_that_was_cut_off_has_the_answer_of_its_curve() -> None:
    events = [event for event in run_events()[:-1] if not isinstance(event, Suggested)]
    record = msgspec.structs.replace(from_events(events), history=bare_history())
    assert record.suggestion is None
    save(record, record_path(record.id))
    done = show(record.id)
    assert done.exit_code == 0
    assert done.stdout.startswith("interrupted: ")
    assert "lr    " in done.stdout


def test_a_failed_run_has_no_answer() -> None:
    kept(
        "01JD",
        status="failed",
        suggestion=None,
        bounds=None,
        history=bare_history(),
    )
    done = show("01JD")
    assert done.exit_code == 3
    assert "no learning rate" in done.stdout


def test_with_a_spec_of_a_newer_version_only_the_code_is_left_out() -> None:
    kept("01JD", spec={"optimizer": {"target": "torch.optim:SGD"}, "warp": 9})
    done = show("01JD")
    assert done.exit_code == 0
    assert "lr       3.0e-03" in done.stdout
    assert "code" not in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{torn", "run.json: not JSON"),
        ("[1]", "run.json: expected a run record, an object with `lr` and `loss`, or two lists"),
        ('{"schema": "lrtui.run/9"}', "written by a newer lrtui"),
        ('{"schema": "lrtui.run/1"}', "run.json: Object missing"),
        ('{"lr": [1, 2], "loss": [1]}', "2 learning rates but 1 losses"),
        (
            '{"schema": "lrtui.run/1", "id": "a", "created": "b", "measured": [{"name": "trial"}]}',
            "missing required field `lr` - at `$.measured[0]`",
        ),
        (
            '{"schema": "lrtui.run/1", "id": "a", "created": "b", "spec": {"range": [1]},'
            ' "history": {"lr": [1], "loss": [1]}}',
            "cannot be read",
        ),
    ],
)
def test_a_file_that_is_no_record_is_exit_code_2_and_one_line(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    done = show(str(path))
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["gone.json", "01JZ", "", "/"])
def test_a_missing_record_is_exit_code_2_and_one_line(name: str) -> None:
    kept("01JD")
    done = show(name)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_run_without_a_record_is_not_just_missing() -> None:
    journal_path(STARTED.id).write_bytes(encode(STARTED))
    done = show(STARTED.id)
    assert done.exit_code == 2
    assert "lrtui recover" in done.stderr


def test_control_characters_are_not_printed() -> None:
    kept("01JD", reason="\x1b[2J\x07", notices=["\x1b]0;title\x07"])
    done = show("01JD")
    assert "\x1b" not in done.output
    assert "\x07" not in done.output


def test_the_published_rules_are_shown_where_they_are_asked_for() -> None:
    kept("01JD")
    assert "steepest" not in show("01JD").stdout
    done = show("01JD", "--rules")
    assert done.exit_code == 0
    assert "rules    4.0e-03  steepest" in done.stdout.splitlines()
    assert "         –        valley" in done.stdout.splitlines()


def test_a_record_from_before_there_were_plans_has_the_rates_of_its_curve() -> None:
    history = bare_history()
    kept("01JD", history=history)
    peak = analyse(curves_of(load(record_path("01JD")))).by_schedule["one-cycle"]
    done = show("01JD")
    assert f"OneCycleLR(optimizer, max_lr={peak:.3g}" in done.stdout


def test_a_record_is_judged_for_its_plan() -> None:
    plan = Plan(schedule="cosine", steps=3000, warmup=100)
    kept("01JD", suggestion=None, history=bare_history(), plan=plan)
    done = show("01JD")
    assert " · cosine · 3,000 steps, 100 of them warm-up" in done.stdout
    assert "CosineAnnealingLR(optimizer, T_max=2900)" in done.stdout


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_saved_curve_is_judged_for_another_training(schedule: Schedule) -> None:
    kept("01JD", history=bare_history(), bounds=Bounds(1e-5, 0.123))
    flags = ("--schedule", schedule, "--steps", "3000", "--warmup-steps", "100")
    done = show("01JD", *flags, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    plan = Plan(schedule=schedule, steps=3000, warmup=100)
    expected = analyse(curves_of(load(record_path("01JD"))), plan=plan).suggestion
    assert document["suggestion"] == msgspec.to_builtins(expected)
    assert document["plan"] == msgspec.to_builtins(plan)
    assert document["bounds"]["end_lr"] == 0.123  # the person's own
    text = show("01JD", *flags).stdout
    assert f" · {schedule} · 3,000 steps, 100 of them warm-up" in text
    assert load(record_path("01JD")).plan == ANY_PLAN


def test_another_training_keeps_what_is_not_said_of_the_records_own() -> None:
    plan = Plan(schedule="cosine", steps=3000)
    kept("01JD", history=bare_history(), plan=plan)
    assert " · cosine · 500 steps" in show("01JD", "--steps", "500").stdout


def test_a_training_without_sense_and_a_record_without_a_curve_are_refused() -> None:
    kept("01JD", history=bare_history())
    done = show("01JD", "--steps", "10", "--warmup-steps", "10")
    assert done.exit_code == 2
    assert "warmup must be below steps (10), got 10" in done.stderr
    kept("01JE", history=History())
    assert "no curve" in show("01JE", "--steps", "10").stderr


def test_a_long_training_gets_an_interval_and_the_race_that_decides_and_no_code_for_one_rate() -> (
    None
):
    kept("01JD", suggestion=msgspec.structs.replace(SUGGESTION, steps=20_000))
    text = show("01JD").stdout
    assert f"lr       {SUGGESTION.low:.1e} to {SUGGESTION.high:.1e} · constant · 20,000" in text
    assert "`lrtui run … --race 9400` decides by short trainings: 9,400 steps in all." in text
    assert f"{SUGGESTION.lr:.1e} ·" not in text
    assert "optimizer = " not in text
    assert SUGGESTION.advice == "" or SUGGESTION.advice not in text


def test_after_a_race_the_answer_its_interval_its_code_and_its_next_step_are_the_races() -> None:
    raced = ConfirmationResult(
        verdict="open",
        problem="",
        lr=SUGGESTION.lr,
        better=1.5e-3,
        low=1e-3,
        high=2e-3,
        reason="1.5e-03 and 1.1e-03 are at most 4 % apart",
        schedule="constant",
        more_steps=1234,
    )
    rates: dict[Schedule, float | None] = {"constant": SUGGESTION.lr, "one-cycle": 9e-3}
    kept("01JD", measured=[raced], by_schedule=rates)
    text = show("01JD").stdout
    assert "lr       1.5e-03" in text
    assert "from     1.0e-03 to 2.0e-03" in text
    assert "lr=0.0015" in text
    assert "about 1,300 more steps decide" in text
    assert "OneCycleLR" not in text  # which was not raced
