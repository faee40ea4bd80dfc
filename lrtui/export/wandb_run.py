"""A record as a run of Weights & Biases. It is offline unless WANDB_MODE says otherwise."""

import os
import shutil
from pathlib import Path
from typing import Any

from lrtui.catalog.errors import one_line
from lrtui.export import series
from lrtui.export.content import Content, ExportError, origin, printable, require
from lrtui.export.html import html_of

PROJECT = "lrtui"


def write_wandb(content: Content, folder: Path, overwrite: bool) -> str:
    """Write an offline run into `folder`/wandb; returns where, and how it is uploaded.

    Raises:
        ExportError: wandb is not installed, or refuses.
        FileExistsError: the run is there already and `overwrite` is off.
        OSError: the folder cannot be written.
    """
    require("wandb", "wandb")
    earlier = _earlier(folder, content.record.id.lower())
    if earlier and not overwrite:
        raise FileExistsError(0, "already exists", str(earlier[0]))
    (folder / "wandb").mkdir(parents=True, exist_ok=True)  # it would take /tmp instead
    import wandb

    try:
        where = _write(content, folder)
    except wandb.errors.Error as error:
        raise ExportError(f"wandb: {one_line(error)}") from None
    for replaced in earlier:  # an upload of the folder would send both
        shutil.rmtree(replaced, ignore_errors=True)
    if _mode() == "offline":
        return f"{where}   `wandb sync {where}` uploads it"
    return str(where)


def _write(content: Content, folder: Path) -> Path:
    import wandb

    mode: Any = _mode()
    settings = wandb.Settings(console="off", silent=True, disable_git=True, save_code=False)
    run = wandb.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        id=content.record.id.lower(),
        name=printable(content.title),
        notes=origin(content.record),
        job_type="range test",
        config={**series.settings(content), **series.versions(content)},
        mode=mode,
        dir=str(folder),
        settings=settings,
    )
    run.define_metric("*", step_metric="lr")  # the charts are over the learning rate
    for values in _rows(content):
        run.log(values)
    run.log({"report": wandb.Html(html_of(content), inject=False)})
    run.summary.update(series.answers(content))
    where = Path(run.dir).parent  # its `files` are below the folder of the run
    run.finish()
    return where


def _mode() -> Any:
    """What is in WANDB_MODE: wandb refuses what it does not know."""
    return os.environ.get("WANDB_MODE", "offline")


def _rows(content: Content) -> list[dict[str, float]]:
    """The points of all repeats; those of the first have no prefix."""
    rows: list[dict[str, float]] = []
    for repeat, history in enumerate(series.histories(content)):
        prefix = f"repeat-{repeat + 1}/" if repeat else ""
        for index, values in enumerate(series.points(history)):
            if index == len(rows):
                rows.append({"lr": values["lr"]})
            for name, value in values.items():
                if name != "lr":
                    rows[index][f"{prefix}{name}"] = value
    return rows


def _earlier(folder: Path, run_id: str) -> list[Path]:
    """The folders of offline runs that an earlier export of this run has made."""
    return sorted((folder / "wandb").glob(f"offline-run-*-{run_id}"))
