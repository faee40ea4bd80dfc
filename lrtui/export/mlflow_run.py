"""A record as a run of MLflow: on its tracking server, in its data base or in a folder."""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lrtui.catalog.errors import one_line
from lrtui.export import series
from lrtui.export.content import Content, ExportError, require
from lrtui.export.html import html_of
from lrtui.export.markdown import markdown_of
from lrtui.record import to_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "lrtui"
_TAG = "lrtui.run"
_BATCH = 1000  # metrics that MLflow takes at once
_ALLOW_FILES = "MLFLOW_ALLOW_FILE_STORE"


def write_mlflow(content: Content, place: str, overwrite: bool) -> str:
    """Write a run into the experiment "lrtui"; returns where.

    Args:
        content: of the record.
        place: a tracking URI or a folder; "" for MLflow's own (MLFLOW_TRACKING_URI).
        overwrite: whether a run that is there already is replaced.

    Raises:
        ExportError: MLflow is not installed, or refuses.
        FileExistsError: the run is there already and `overwrite` is off.
    """
    require("mlflow", "mlflow")
    import mlflow
    from mlflow.exceptions import MlflowException

    uri = place or mlflow.get_tracking_uri()
    try:
        with _file_store(uri):
            client = mlflow.MlflowClient(tracking_uri=uri)
            run_id = _write(client, content, overwrite)
    except (MlflowException, ImportError, AttributeError) as error:
        hint = "a folder works without a data base: --to mlflow:mlruns"
        raise ExportError(f"mlflow: {uri}: {one_line(error)}; {hint}") from None
    return f"{uri}   run {run_id} of the experiment {EXPERIMENT}"


@contextlib.contextmanager
def _file_store(uri: str) -> Iterator[None]:
    """Allow folders, which MLflow 3 refuses unless a variable is set."""
    before = os.environ.get(_ALLOW_FILES)
    if "://" not in uri or uri.startswith("file:"):
        os.environ[_ALLOW_FILES] = "true"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_ALLOW_FILES, None)
        else:
            os.environ[_ALLOW_FILES] = before


def _write(client: "MlflowClient", content: Content, overwrite: bool) -> str:
    experiment = _experiment(client)
    own = f"tags.`{_TAG}` = '{_quoted(content.record.id)}'"
    for run in client.search_runs([experiment], own):
        if not overwrite:
            where = f"run {run.info.run_id} of MLflow"
            raise FileExistsError(0, f"already has {content.record.id}", where)
        client.delete_run(run.info.run_id)
    run = client.create_run(experiment, start_time=_began(content), tags=_tags(content))
    run_id: str = run.info.run_id
    _log(client, run_id, content)
    client.set_terminated(run_id, "FAILED" if content.record.status == "failed" else "FINISHED")
    return run_id


def _experiment(client: "MlflowClient") -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return str(client.create_experiment(EXPERIMENT))
    return str(found.experiment_id)


def _log(client: "MlflowClient", run_id: str, content: Content) -> None:
    from mlflow.entities import Param

    params = [Param(_key(key), str(value)) for key, value in series.settings(content).items()]
    client.log_batch(run_id, params=params)
    metrics = list(_metrics(content))
    for first in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[first : first + _BATCH])
    client.log_text(run_id, to_json(content.record).decode(), "run.json")
    client.log_text(run_id, html_of(content), "report.html")
    client.log_text(run_id, markdown_of(content), "report.md")


def _metrics(content: Content) -> Iterator[Any]:
    from mlflow.entities import Metric

    time = _began(content)
    for name, value in series.answers(content).items():
        yield Metric(name, value, time, 0)
    for repeat, history in enumerate(series.histories(content)):
        prefix = f"repeat-{repeat + 1}/" if repeat else ""
        for step, values in enumerate(series.points(history)):
            for name, value in values.items():
                yield Metric(f"{prefix}{name}", value, time, step)


def _tags(content: Content) -> dict[str, str]:
    report = markdown_of(content)
    named = {"mlflow.runName": content.title, "mlflow.note.content": report[:5000]}
    return {**series.versions(content), **named}


def _key(name: str) -> str:
    """A name that MLflow takes."""
    allowed = "_-. /"
    letters = [letter if letter.isalnum() or letter in allowed else "_" for letter in name]
    return "".join(letters)[:250]


def _quoted(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _began(content: Content) -> int:
    """When the run began, in milliseconds."""
    try:
        return int(1000 * datetime.fromisoformat(content.record.created).timestamp())
    except (ValueError, OverflowError, OSError):
        return 0
