"""TensorBoard, W&B and MLflow, read back with their own packages where those are installed."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from lrtui.export.content import ExportError, content_of
from lrtui.export.figure import DPI, WIDTH
from lrtui.export.formats import Target, write_other
from lrtui.export.tfevents import crc32c, record, scalar_event
from lrtui.runs.store import save
from tests.export.records import empty, whole

OTHERS = ("tensorboard", "wandb", "mlflow")


def test_a_checksum_is_that_of_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_a_record_of_events_has_its_length_first() -> None:
    event = scalar_event(1.0, 3, {"loss": 0.5})
    (length,) = struct.unpack("<Q", event[:8])
    assert len(event) == length + 16
    assert record(event[12 : 12 + length]) == event


def test_tensorboard_reads_the_points_the_answer_and_the_report(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = whole()
    folder = Path(write_other(run, Target("tensorboard", str(tmp_path)), overwrite=False))
    summary = EventAccumulator(str(folder)).Reload()
    assert run.suggestion is not None
    (answer,) = summary.Scalars("suggested_lr")
    assert answer.value == pytest.approx(run.suggestion.lr, rel=1e-6)
    (report,) = summary.Tensors("report")
    assert run.id in report.tensor_proto.string_val[0].decode()
    assert summary.Images("curve")[0].width == WIDTH * DPI
    for repeat, history in enumerate(run.repeats, start=1):
        points = EventAccumulator(str(folder / f"repeat-{repeat}"), {"scalars": 0}).Reload()
        losses = [event.value for event in points.Scalars("loss")]
        assert losses == pytest.approx(history.raw_loss, rel=1e-6)
        assert [event.step for event in points.Scalars("lr")] == list(range(len(history.lr)))


def test_tensorboard_overwrites_nothing_without_being_asked(tmp_path: Path) -> None:
    target = Target("tensorboard", str(tmp_path))
    write_other(whole(), target, overwrite=False)
    with pytest.raises(FileExistsError):
        write_other(whole(), target, overwrite=False)
    write_other(whole(), target, overwrite=True)
    assert len(list(tmp_path.rglob("events.*"))) == 4


def test_a_run_that_measured_nothing_has_its_report(tmp_path: Path) -> None:
    write_other(empty(), Target("tensorboard", str(tmp_path)), overwrite=False)
    assert b"nothing was measured" in next(tmp_path.glob("*/events.*")).read_bytes()


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_missing_package_is_said_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("lrtui.export.content.is_installed", lambda _: False)
    with pytest.raises(ExportError, match=f"pip install {name}"):
        write_other(whole(), Target(name, ""), overwrite=False)


def exported(folder: Path, to: str, *flags: str) -> "subprocess.CompletedProcess[str]":
    """`lrtui export` of the whole record in a process of its own."""
    path = folder / "whole.json"
    if not path.exists():
        save(whole(), path)
    command = [sys.executable, "-m", "lrtui.cli", "export", str(path), "--to", to, *flags]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_wandb_gets_an_offline_run_with_the_points(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    done = exported(tmp_path, "wandb")
    assert done.returncode == 0, done.stderr
    assert "wandb sync" in done.stdout
    (folder,) = (tmp_path / "wandb").glob(f"offline-run-*-{whole().id.lower()}")
    assert done.stdout.startswith(str(folder.relative_to(tmp_path))) or str(folder) in done.stdout
    (log,) = folder.glob("*.wandb")
    content = log.read_bytes()
    assert b"suggested_lr" in content
    assert whole().id.encode() in content
    again = exported(tmp_path, "wandb")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert exported(tmp_path, "wandb", "--force").returncode == 0
    assert len(list((tmp_path / "wandb").glob("offline-run-*"))) == 1


def test_mlflow_gets_a_run_with_metrics_settings_and_files(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    done = exported(tmp_path, "mlflow:tracked")
    assert done.returncode == 0, done.stderr
    again = exported(tmp_path, "mlflow:tracked")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert exported(tmp_path, "mlflow:tracked", "--force").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        client = mlflow.MlflowClient(tracking_uri=str(tmp_path / "tracked"))
        experiment = client.get_experiment_by_name("lrtui")
        (run,) = client.search_runs([experiment.experiment_id])
        run_record = whole()
        assert run.data.tags["lrtui.run"] == run_record.id
        assert run.data.params["optimizer.target"] == "torch.optim:AdamW"
        assert run.data.metrics["suggested_lr"] == pytest.approx(content_of(run_record).lr)
        assert run.info.end_time - run.info.start_time == 1000 * run_record.seconds
        measured = client.get_metric_history(run.info.run_id, "loss")
        assert [point.value for point in measured] == run_record.repeats[0].raw_loss


def test_a_data_base_that_a_slim_mlflow_cannot_write_is_said_with_what_can_be_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setattr("lrtui.export.mlflow_run.is_installed", lambda _: False)
    with pytest.raises(ExportError, match="pip install mlflow; or name a folder"):
        write_other(whole(), Target("mlflow", "sqlite:///runs.db"), overwrite=False)


def test_a_run_that_mlflow_refuses_halfway_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")

    def refuse(*_: object) -> None:
        raise mlflow.exceptions.MlflowException("no artifacts here")

    target = Target("mlflow", str(tmp_path / "tracked"))
    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "log_text", refuse)
        with pytest.raises(ExportError, match="no artifacts here"):
            write_other(whole(), target, overwrite=False)
    assert "of the experiment" in write_other(whole(), target, overwrite=False)
