"""Every format of a run: what a name asks for, and what every export has to name."""

import os
import re
from pathlib import Path

import msgspec
import pytest

from lrtui.export.content import Content, ExportError, content_of
from lrtui.export.curve_csv import csv_of
from lrtui.export.formats import FILES, STDOUT, Target, base_name, file_bytes, target_of, write
from lrtui.export.html import html_of
from lrtui.export.markdown import markdown_of
from lrtui.export.python_code import python_of
from lrtui.record import History, RunRecord, from_json, to_json
from lrtui.runs.foreign import load_result
from lrtui.runs.store import load
from tests.export.records import GOLDEN, RECORD, empty, hostile, named, whole

KEPT = Path(__file__).parent / "golden"
TEXTS = ("csv", "md", "html", "py")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("csv", Target("csv", "")),
        ("markdown", Target("md", "")),
        ("a/curve.PDF", Target("pdf", "a/curve.PDF")),
        ("png:curve", Target("png", "curve")),
        ("md:-", Target("md", STDOUT)),
        ("c:/report.html", Target("html", "c:/report.html")),
        ("tensorboard", Target("tensorboard", "")),
        ("tb:logs/x", Target("tensorboard", "logs/x")),
        ("mlflow:http://host:5000", Target("mlflow", "http://host:5000")),
    ],
)
def test_a_name_asks_for_a_format_and_a_place(text: str, target: Target) -> None:
    assert target_of(text) == target


@pytest.mark.parametrize("text", ["", "x", "run.xlsx", "run.tensorboard", "mlflow:-", "noformat:x"])
def test_any_other_name_is_refused_with_the_formats(text: str) -> None:
    with pytest.raises(ExportError) as error:
        target_of(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("format_name", TEXTS)
def test_a_text_is_written_like_its_golden_file(format_name: str) -> None:
    path = KEPT / f"run_with_race.{format_name}.txt"
    written = file_bytes(named("run_with_race"), format_name).decode()
    if os.environ.get("LRTUI_WRITE_GOLDEN"):
        path.write_text(written)
    assert written == path.read_text()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("format_name", [*TEXTS, "json", "svg"])
def test_records_of_every_version_are_exported_with_id_and_versions(
    path: Path, format_name: str
) -> None:
    record = load(path)
    if format_name == "py" and content(record).lr is None:
        with pytest.raises(ExportError, match="no learning rate"):
            file_bytes(record, format_name)
        return
    written = file_bytes(record, format_name).decode()
    for name in (record.id, record.lrtui, record.torch):
        assert name in written


@pytest.mark.parametrize("format_name", FILES)
def test_a_run_that_measured_nothing_is_exported_or_refused_in_one_line(format_name: str) -> None:
    if format_name not in ("png", "svg", "pdf", "py"):
        assert file_bytes(empty(), format_name)
        return
    with pytest.raises(ExportError, match=r"no loss was measured|nothing was measured"):
        file_bytes(empty(), format_name)


@pytest.mark.parametrize("losses", [[], [None] * 3])
def test_a_run_that_was_cut_off_is_exported_with_what_it_has(losses: list[float | None]) -> None:
    history = History(lr=[1e-4, 1e-3, 1e-2][: len(losses) or 3], loss=losses, raw_loss=losses)
    record = msgspec.structs.replace(
        RECORD, status="interrupted", suggestion=None, bounds=None, history=history
    )
    if not losses:
        record = msgspec.structs.replace(record, history=History(lr=[1e-4], raw_loss=[2.0]))
    for format_name in ("csv", "html", "md", "json"):
        assert record.id in file_bytes(record, format_name).decode()


def test_json_is_the_record_itself() -> None:
    assert from_json(file_bytes(whole(), "json")) == from_json(to_json(whole()))


def test_nothing_is_overwritten_unless_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write(RECORD, str(path), overwrite=False)
    assert path.read_text() == "mine"
    write(RECORD, str(path), overwrite=True)
    assert RECORD.id in path.read_text()


def test_a_default_name_stays_in_the_folder_whatever_the_record_says() -> None:
    spec = {"model": {"target": "x:../../../etc/passwd"}}
    record = msgspec.structs.replace(RECORD, spec=spec, id="../../x/y")
    assert re.fullmatch(r"[\w-]+", base_name(record))


# foreign text


def content(record: RunRecord) -> Content:
    return content_of(record)


def test_a_page_loads_nothing_and_shows_foreign_text_as_text() -> None:
    page = html_of(content(hostile()))
    assert page.count("<script") == 2  # our data and our code
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    links = set(re.findall(r"https?://[^\"' <]+", page))
    assert links == {"http://www.w3.org/2000/svg"}  # a name, which is not loaded
    assert not re.search(r"\b(src|href)=", page)


def test_a_report_mentions_nobody_and_keeps_its_blocks() -> None:
    report = markdown_of(content(hostile()))
    outside = re.sub(r"(`{3,})[^\n]*\n.*?\n\1\n", "", report, flags=re.DOTALL)
    assert "@team" not in outside
    assert "<script" not in outside
    assert "```" not in outside.replace(r"\`", "")
    assert "\nimport os" not in report


def test_no_foreign_text_becomes_code() -> None:
    code = python_of(content(hostile()))
    lines = [line for line in code.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"(LR|LR_LOW, LR_HIGH|BASE_LR, MAX_LR) = ", line) for line in lines)


def test_no_foreign_text_becomes_a_formula_of_a_spreadsheet() -> None:
    record = msgspec.structs.replace(whole(), id="=1+1", torch="@SUM(1)", lrtui="\t-1")
    _, first, *_ = csv_of(record).splitlines()
    assert first.endswith(",1+1,1,SUM(1)")


@pytest.mark.parametrize("rule", ["layer_decay", "decay_all"])
def test_a_rule_of_parameter_groups_that_is_no_number_becomes_no_code(rule: str) -> None:
    spec = {
        **RECORD.spec,
        "optimizer": {"target": "torch.optim:SGD", "args": {rule: "1\nimport os"}},
    }
    record = msgspec.structs.replace(whole(), spec=spec)
    assert "import os" not in python_of(content(record))


def test_the_code_sets_the_rate_of_a_real_optimizer() -> None:
    import torch

    exported = content(whole())
    namespace: dict[str, object] = {}
    code = python_of(exported)
    assert all(len(line) <= 100 for line in code.splitlines())
    exec(code, namespace)
    make, cycle = namespace["constant"], namespace["cyclic"]
    assert callable(make)
    assert callable(cycle)
    optimizer = make(torch.nn.Linear(2, 2))
    assert exported.lr is not None
    assert optimizer.param_groups[0]["lr"] == namespace["LR"]
    assert namespace["LR"] == pytest.approx(exported.lr, rel=0.005)
    assert exported.bounds is not None
    scheduler = cycle(optimizer, 80)
    assert scheduler.base_lrs == pytest.approx([exported.bounds.start_lr], rel=0.005)


def test_a_result_of_another_tool_is_named_after_its_file_each_time_the_same(
    tmp_path: Path,
) -> None:
    path = tmp_path / "theirs.json"
    path.write_text('{"lr": [1e-4, 1e-3, 1e-2], "loss": [2.0, 1.0, 3.0]}')
    record, again = load_result(path).record, load_result(path).record
    assert record == again
    assert re.fullmatch(r"theirs-\w{6}", base_name(record))
