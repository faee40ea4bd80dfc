"""A record as a run of MLflow: on its tracking server, in its data base or in a folder."""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lrtui.catalog.errors import one_line
from lrtui.export import series
from lrtui.export.content import Content, ExportError, is_installed, printable, require
from lrtui.export.html import html_of
from lrtui.export.markdown import markdown_of
from lrtui.record import to_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "lrtui"
_TAG = "lrtui.run"
_METRICS, _PARAMS = 1000, 100  # that MLflow takes at once
_LONGEST = 500  # letters of a value, which every server takes; the whole is in run.json
# while a run is written: MLflow 3 refuses folders, and asks a server that is away for minutes
_FOLDERS = {"MLFLOW_ALLOW_FILE_STORE": "true"}
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


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
    if is_database(uri) and not is_installed("sqlalchemy"):
        need = "is a data base, which needs all of MLflow: pip install mlflow"
        raise ExportError(f"mlflow: {uri} {need}; or name a folder, as in mlflow:mlruns")
    try:
        with _environment(uri):
            client = mlflow.MlflowClient(tracking_uri=uri)
            run_id = _write(client, content, overwrite)
    except (MlflowException, ImportError, AttributeError) as error:
        raise ExportError(f"mlflow: {uri}: {one_line(error)}") from None
    return f"{uri}   run {run_id} of the experiment {EXPERIMENT}"


def is_database(uri: str) -> bool:
    """Whether MLflow keeps its runs there by SQL: mlflow-skinny cannot."""
    scheme = uri.partition("://")[0].partition("+")[0]
    return scheme in ("sqlite", "postgresql", "mysql", "mssql")


@contextlib.contextmanager
def _environment(uri: str) -> Iterator[None]:
    """Set variables that MLflow reads, but for those that the user has set."""
    wanted = dict(_PATIENCE)
    if "://" not in uri or uri.startswith("file:"):
        wanted |= _FOLDERS
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _write(client: "MlflowClient", content: Content, overwrite: bool) -> str:
    """Write the run; then delete the one that it replaces. One that fails is deleted."""
    experiment = _experiment(client)
    own = f"tags.`{_TAG}` = '{_quoted(content.record.id)}'"
    earlier = client.search_runs([experiment], own)
    if earlier and not overwrite:
        where = f"run {earlier[0].info.run_id} of MLflow"
        raise FileExistsError(0, f"already has {content.record.id}", where)
    began, ended = _times(content)
    run = client.create_run(experiment, start_time=began, tags=_tags(content))
    run_id: str = run.info.run_id
    try:
        _log(client, run_id, content)
    except BaseException:
        client.delete_run(run_id)
        raise
    status = "FAILED" if content.record.status == "failed" else "FINISHED"
    client.set_terminated(run_id, status, ended)
    for run in earlier:
        client.delete_run(run.info.run_id)
    return run_id


def _experiment(client: "MlflowClient") -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return str(client.create_experiment(EXPERIMENT))
    return str(found.experiment_id)


def _log(client: "MlflowClient", run_id: str, content: Content) -> None:
    params = list(_params(content))
    for first in range(0, len(params), _PARAMS):
        client.log_batch(run_id, params=params[first : first + _PARAMS])
    metrics = list(_metrics(content))
    for first in range(0, len(metrics), _METRICS):
        client.log_batch(run_id, metrics=metrics[first : first + _METRICS])
    client.log_text(run_id, to_json(content.record).decode(), "run.json")
    client.log_text(run_id, html_of(content), "report.html")
    client.log_text(run_id, markdown_of(content), "report.md")


def _params(content: Content) -> Iterator[Any]:
    from mlflow.entities import Param

    named = {_key(key): str(value) for key, value in series.settings(content).items()}
    for key, value in named.items():
        yield Param(key, value[:_LONGEST])


def _metrics(content: Content) -> Iterator[Any]:
    from mlflow.entities import Metric

    time, _ = _times(content)
    for name, value in series.answers(content).items():
        yield Metric(name, value, time, 0)
    for repeat, history in enumerate(series.histories(content)):
        prefix = f"repeat-{repeat + 1}/" if repeat else ""
        for step, values in enumerate(series.points(history)):
            for name, value in values.items():
                yield Metric(f"{prefix}{name}", value, time, step)


def _tags(content: Content) -> dict[str, str]:
    report = markdown_of(content)
    named = {"mlflow.runName": printable(content.title), "mlflow.note.content": report[:5000]}
    return {**series.versions(content), **named}


def _key(name: str) -> str:
    """A name that MLflow takes."""
    allowed = "_-. /"
    letters = [letter if letter.isalnum() or letter in allowed else "_" for letter in name]
    return "".join(letters)[:250]


def _quoted(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _times(content: Content) -> tuple[int, int]:
    """When the run began and ended, in milliseconds."""
    record = content.record
    try:
        began = datetime.fromisoformat(record.created).timestamp()
    except (ValueError, OverflowError, OSError):
        began = 0.0
    return int(1000 * began), int(1000 * (began + record.seconds))
