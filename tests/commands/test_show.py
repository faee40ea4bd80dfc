"""`lrtui show`: which record is meant, what is said of it, and with what exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.curve import exponential_average
from lrtui.cli import lrtui
from lrtui.events import Suggested, encode
from lrtui.record import RunRecord, from_events, to_json
from lrtui.runs.store import journal_path, record_path, save
from tests.sample import STARTED, run_events

RECORD = from_events(run_events())


def kept(run_id: str, **changes: Any) -> RunRecord:
    record = msgspec.structs.replace(RECORD, id=run_id, **changes)
    save(record, record_path(run_id))
    return record


def show(*arguments: str) -> Any:
    done = CliRunner().invoke(lrtui, ["show", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def curve() -> dict[str, list[float]]:
    """A history as torch_lr_finder keeps it, with a fall that nobody can miss."""
    lr = np.geomspace(1e-6, 10, 200)
    rough = 0.002 * np.random.default_rng(0).standard_normal(200)
    loss = 2.3 - 2 / (1 + (1e-3 / lr) ** 2) + np.minimum(50, (lr / 0.5) ** 3) + rough
    return {"lr": lr.tolist(), "loss": loss.tolist()}


def test_it_says_what_lrtui_run_said() -> None:
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


def test_the_records_own_answer_is_shown_and_not_another() -> None:
    kept("01JD", repeats=[])
    done = show("01JD")
    assert done.exit_code == 0
    assert "lr       3.0e-03" in done.stdout.splitlines()
    assert "bounds   1.0e-03 to 1.0e-02" in done.stdout.splitlines()
    assert "the loss fell." in done.stdout
    assert "a notice" in done.stderr


def test_json_is_the_record_as_it_is_unknown_keys_included(tmp_path: Path) -> None:
    document = {**json.loads(to_json(RECORD)), "from_the_future": [1]}
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document))
    done = show(str(path), "--json")
    assert json.loads(done.stdout) == document
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["01JDAAAB", "01jdaaab", "01JDAAABCDEFGHJKMNPQRSTVWX"])
def test_an_id_or_its_beginning_in_any_case_finds_the_record(name: str) -> None:
    kept("01JDAAABCDEFGHJKMNPQRSTVWX")
    kept("01JDAAAAAAAAAAAAAAAAAAAAAA", suggestion=None, history=RECORD.history.__class__())
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


def test_a_file_goes_before_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept("01JD")
    monkeypatch.chdir(tmp_path)
    save(msgspec.structs.replace(RECORD, reason="the file's own"), tmp_path / "01JD")
    assert "the file's own" in show("01JD").stdout


def test_no_answer_is_exit_code_3_with_the_reason() -> None:
    refused = msgspec.structs.replace(
        RECORD.suggestion,
        lr=None,
        low=None,
        high=None,
        verdict="no_descent",
        reason="the loss never fell.",
    )
    kept("01JD", suggestion=refused, bounds=None)
    done = show("01JD")
    assert done.exit_code == 3
    assert "no learning rate can be recommended (no_descent)" in done.stdout
    assert "the loss never fell." in done.stdout
    assert show("01JD", "--json").exit_code == 3


def test_a_history_of_torch_lr_finder_is_judged_without_code_for_an_optimizer_nobody_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(curve()))
    done = show(str(path))
    assert done.exit_code == 0, done.output
    (told,) = (line.split()[1] for line in done.stdout.splitlines() if line.startswith("lr  "))
    assert 1e-5 < float(told) < 0.5
    assert "code" not in done.stdout
    document = json.loads(show(str(path), "--json").stdout)
    assert f"{document['suggestion']['lr']:.1e}" == told
    assert document["history"]["lr"] == curve()["lr"]


def test_a_history_is_unsmoothed_as_its_owner_says(tmp_path: Path) -> None:
    raw = curve()
    answers = []
    for smooth_f, flags in (
        (0.05, []),
        (0.05, ["--smooth-f", "0.05"]),
        (0.3, ["--smooth-f", "0.3"]),
    ):
        path = tmp_path / f"{smooth_f}.json"
        smoothed = exponential_average(np.array(raw["loss"]), smooth_f).tolist()
        path.write_text(json.dumps({"lr": raw["lr"], "loss": smoothed}))
        done = show(str(path), *flags)
        assert done.exit_code == 0, done.output
        assert ("taken to be smoothed with 0.05" in done.stderr) is not bool(flags)
        answers.append(
            [
                line
                for line in done.stdout.splitlines()
                if line.startswith(("lr ", "from ", "bounds "))
            ]
        )
    assert answers[0] == answers[1] == answers[2]


def test_what_has_its_raw_losses_takes_no_smoothing() -> None:
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


def test_code_has_the_rate_that_trials_found_better() -> None:
    tried = RECORD.suggestion
    assert tried is not None
    result = {
        "name": "confirmation",
        "verdict": "refuted",
        "lr": tried.lr,
        "better": 0.0123,
        "reason": "it is",
    }
    kept(
        "01JD",
        measured=[
            {**result, "schedule": "constant", "judged_by": "validation loss", "problem": ""}
        ],
    )
    done = show("01JD")
    assert f"lr       {tried.lr:.1e}" in done.stdout
    assert "lr=0.012" in done.stdout
    assert "train at 1.2e-02 instead" in done.stdout


def test_a_run_that_was_cut_off_is_judged_by_what_it_measured() -> None:
    events = [event for event in run_events()[:-1] if not isinstance(event, Suggested)]
    record = msgspec.structs.replace(
        from_events(events), history=RECORD.history.__class__(**curve())
    )
    assert record.suggestion is None
    save(record, record_path(record.id))
    done = show(record.id)
    assert done.exit_code == 0
    assert done.stdout.startswith("interrupted: ")
    assert "lr    " in done.stdout


def test_a_run_that_failed_is_given_no_answer_that_it_never_had() -> None:
    kept(
        "01JD",
        status="failed",
        suggestion=None,
        bounds=None,
        history=RECORD.history.__class__(**curve()),
    )
    done = show("01JD")
    assert done.exit_code == 3
    assert "no learning rate" in done.stdout


def test_a_spec_of_a_newer_version_leaves_out_the_code_alone() -> None:
    kept("01JD", spec={"optimizer": {"target": "torch.optim:SGD"}, "warp": 9})
    done = show("01JD")
    assert done.exit_code == 0
    assert "lr       3.0e-03" in done.stdout
    assert "code" not in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{torn", "run.json: not JSON"),
        ("[1]", "run.json: expected a JSON object"),
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
def test_what_is_no_record_is_exit_code_2_and_one_line(
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
def test_what_is_not_there_is_exit_code_2_and_one_line(name: str) -> None:
    kept("01JD")
    done = show(name)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_run_that_was_cut_off_is_not_just_missing() -> None:
    journal_path(STARTED.id).write_bytes(encode(STARTED))
    done = show(STARTED.id)
    assert done.exit_code == 2
    assert "lrtui recover" in done.stderr


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    kept("01JD", reason="\x1b[2J\x07", notices=["\x1b]0;title\x07"])
    done = show("01JD")
    assert "\x1b" not in done.output
    assert "\x07" not in done.output
