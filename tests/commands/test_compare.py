"""`lrtui compare`: kept runs, files, and results of other finders."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from lrtui.analysis.curve import FloatArray, debiased_average, exponential_average
from lrtui.record import RecordError
from lrtui.runs.foreign import load_result
from lrtui.runs.store import record_path, save
from lrtui.runs.tools import Smoothing, Tool
from tests.commands.invoking import invoke
from tests.export.records import curve, whole

CURVE = curve()
RAW = np.array(CURVE.raw_loss, dtype=float)
SHAPES: dict[str, tuple[Tool, Callable[[FloatArray], FloatArray], Callable[[Any, Any], Any]]] = {
    "torch_lr_finder": (
        "torch_lr_finder",
        lambda raw: exponential_average(raw, 0.05),
        lambda lr, loss: {"lr": lr, "loss": loss},
    ),
    "fastai's two lists": ("fastai", debiased_average, lambda lr, loss: [lr, loss]),
    "fastai by name": ("fastai", debiased_average, lambda lr, loss: {"lrs": lr, "losses": loss}),
    "lightning": (
        "lightning",
        lambda raw: debiased_average(raw, ahead=1),
        lambda lr, loss: {"lr": lr, "loss": loss},
    ),
    "raw": ("raw", lambda raw: raw, lambda lr, loss: {"lr": lr, "raw_loss": loss}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_smoothing_of_another_tool_is_undone(tmp_path: Path, shape: str) -> None:
    tool, smooth, document = SHAPES[shape]
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(document(CURVE.lr, smooth(RAW).tolist())))
    result = load_result(path)
    assert result.tool == tool
    assert result.is_guess == (tool != "raw")
    record = result.record
    assert record.history.lr == CURVE.lr
    measured = np.array(record.history.raw_loss, dtype=float)
    np.testing.assert_allclose(measured, RAW, rtol=1e-6, atol=1e-6)


def test_every_shape_is_shown_compared_and_exported_with_the_same_answer(tmp_path: Path) -> None:
    names, answers = [], set()
    for index, (tool, smooth, document) in enumerate(SHAPES.values()):
        path = tmp_path / f"{index}.json"
        path.write_text(json.dumps(document(CURVE.lr, smooth(RAW).tolist())))
        names.append(str(path))
        shown = invoke("show", names[-1], "--rules")
        assert shown.exit_code == 0, shown.output
        assert f"done: {'raw losses' if tool == 'raw' else f'a result of {tool}'}" in shown.stdout
        lines = shown.stdout.splitlines()[1:-1]  # between what made it and its file
        answers.add("\n".join(lines))
        exported = invoke("export", names[-1], "--to", "csv:-")
        assert len(exported.stdout.splitlines()) == 1 + len(CURVE.lr)
    assert len(answers) == 1
    compared = json.loads(invoke("compare", *names, "--json").stdout)["results"]
    assert len({f"{one['lr']:.6g}" for one in compared}) == 1
    said = invoke("show", names[0], "--from", "lightning")
    assert "done: a result of lightning" in said.stdout


@pytest.mark.parametrize("losses", [[1.0], [0.0] * 4, [None] * 4, [math.inf] * 4, [1e308] * 4])
def test_losses_that_tell_no_tool_are_torch_lr_finders(
    tmp_path: Path, losses: list[float | None]
) -> None:
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps({"lr": [1e-4] * len(losses), "loss": losses}))
    assert load_result(path).tool == "torch_lr_finder"


def test_losses_that_are_called_raw_stay_raw_whatever_is_said_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("lr,raw_loss\n1e-4,2.5\n1e-3,1.5\n")
    result = load_result(path, Smoothing("fastai"))
    assert result.record.history.raw_loss == [2.5, 1.5]
    assert not result.is_guess


@pytest.mark.parametrize("flags", [("--from", "fastai"), ("--smooth-f", "0.1")])
@pytest.mark.parametrize("command", [("show",), ("export", "--to", "csv:-"), ("compare", "01JD")])
def test_what_is_said_of_other_tools_is_refused_where_there_is_none(
    command: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    save(whole(), record_path(whole().id))
    done = invoke(*command, "01JD", *flags)
    assert done.exit_code == 2
    assert f"{flags[0]} is for " in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", [("show",), ("export", "--to", "csv:-"), ("compare", "01JD")])
def test_what_is_no_file_is_called_what_it_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    save(whole(), record_path(whole().id))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("gone")
    kinds = {
        "/dev/zero": "a device",
        str(tmp_path): "a folder",
        str(tmp_path / "pipe"): "a pipe",
        str(tmp_path / "link"): "a link to nothing",
    }
    for name, kind in kinds.items():
        done = invoke(*command, name)
        assert done.exit_code == 2
        assert done.stderr == f"lrtui: {name} is {kind}: give a file, or the id of a run\n"


def test_csv_has_named_columns_in_any_order_and_case(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("# by a logger\nstep, Loss ,Learning_Rate\n0,2.5,1e-4\n\n1,nan,1e-3\n2,,1e-2\n")
    history = load_result(path).record.history
    assert history.lr == [1e-4, 1e-3, 1e-2]
    assert history.raw_loss == [2.5, None, None]


def test_a_csv_of_ours_is_read_back_with_its_repeats(tmp_path: Path) -> None:
    save(whole(), tmp_path / "run.json")
    invoke("export", str(tmp_path / "run.json"), "--to", f"{tmp_path}/run.csv")
    repeats = load_result(tmp_path / "run.csv").record.repeats
    assert [repeat.raw_loss for repeat in repeats] == [one.raw_loss for one in whole().repeats]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected columns"),
        ("a,b\n1,2\n", "found: a, b"),
        ("lr,loss\n", "no points"),
        ("lr,loss\n1,x\n", "'x' is no number"),
        ('{"lr": [1], "loss": [1, 2]}', "1 learning rates but 2 losses"),
        ('{"lr": 3, "loss": [1]}', "expected a list of numbers"),
        ("[1, 2, 3]", "expected a run record"),
        ("[[], []]", "no points"),
        ("{torn", "not JSON"),
        ('[{"schema": "lrtui.run/1"}, {}]', "several records in one file"),
        ('{"schema": "lrtui.run/9"}', "newer lrtui"),
    ],
)
def test_what_is_no_result_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "theirs"
    path.write_text(text)
    with pytest.raises(RecordError, match=words) as error:
        load_result(path)
    assert "\n" not in str(error.value)


def test_kept_runs_are_compared_with_what_differs_and_a_pick(tmp_path: Path) -> None:
    first, second = whole(), whole()
    loader = {**second.spec["loader"], "batch_size": 128}
    second = msgspec.structs.replace(second, id="01JE", spec={**second.spec, "loader": loader})
    for record in (first, second):
        save(record, record_path(record.id))
    command = [sys.executable, "-m", "lrtui.cli", "compare", "01JD", "01JE"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("batch size"))
    assert line.split()[2:] == ["64", "128"]
    assert "pick     A: " in done.stdout
    document = json.loads(invoke("compare", "01JD", "01JE", "--json").stdout)
    assert document["differences"] == {"batch size": ["64", "128"]}
    assert document["pick"]["name"] == "A"
    assert [one["id"] for one in document["results"]] == [first.id, second.id]


def test_a_foreign_result_beside_a_run_has_its_rate_and_no_pick(tmp_path: Path) -> None:
    save(whole(), record_path(whole().id))
    path = tmp_path / "theirs.csv"
    rows = zip(CURVE.lr, RAW, strict=True)
    path.write_text("lr,loss\n" + "".join(f"{lr},{loss}\n" for lr, loss in rows))
    done = invoke("compare", str(path), "01JD")
    assert done.exit_code == 3
    assert f"{path}: read as raw losses; --from says what made it" in done.stderr
    assert "A does not say its data and loss" in done.stdout
    several = invoke("compare", *[str(path)] * 3, "01JD")
    assert "A, B and C do not say their data and loss" in several.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("→ lr"))
    assert all(float(word) > 0 for word in line.split()[2:])


def test_an_unknown_run_is_exit_code_2() -> None:
    assert invoke("compare", "nope", "nope").exit_code == 2


def test_one_run_is_nothing_to_compare() -> None:
    save(whole(), record_path(whole().id))
    done = invoke("compare", "01JD")
    assert done.exit_code == 2
    assert "two runs or more" in done.stderr
