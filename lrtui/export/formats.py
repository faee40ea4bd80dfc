"""The formats of an export, which of them a name asks for, and the writing of each."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lrtui.export.content import Content, ExportError, content_of
from lrtui.files import expanded, write_atomic
from lrtui.record import RunRecord, to_json
from lrtui.report.compare import value_at

FILES = {
    "csv": "the points of all repeats",
    "json": "the whole record",
    "png": "a picture",
    "svg": "a picture",
    "pdf": "a picture for a paper, with its fonts",
    "html": "a page that works offline",
    "md": "a report for a pull request",
    "py": "the answer as Python code",
}
OTHERS = {
    "tensorboard": "event files",
    "wandb": "an offline run of Weights & Biases",
    "mlflow": "a run of MLflow",
}
ENDINGS = ".csv, .json, .png, .svg, .pdf, .html, .md or .py"
ASKED = f"write the run to a file that ends in {ENDINGS}; or to {', '.join(OTHERS)}"
_ALIASES = {"markdown": "md", "python": "py", "tb": "tensorboard", "htm": "html"}
STDOUT = "-"


class Target(NamedTuple):
    """A format and where it goes: a file, a folder, a URI; "" for the default."""

    format: str
    place: str

    @property
    def is_file(self) -> bool:
        """Whether it is one file; else it is a folder or a service."""
        return self.format in FILES


def target_of(text: str) -> Target:
    """What `--to` asks for: a format, `FORMAT:PLACE`, or a file whose ending is a format.

    Raises:
        ExportError: it is none of them.
    """
    name, colon, place = text.partition(":")
    format_name = _named(name)
    if format_name and (colon or not Path(text).suffix):
        if place == STDOUT and format_name not in FILES:
            raise ExportError(f"{text}: {format_name} is no single file")
        return Target(format_name, place)
    format_name = _named(Path(text).suffix.removeprefix("."))
    if format_name in FILES:
        return Target(format_name, text)
    raise ExportError(f"{text or 'nothing'}: end the name in {ENDINGS}; or {', '.join(OTHERS)}")


def _named(name: str) -> str:
    """The format of a name or an ending; "" for none."""
    name = name.lower()
    name = _ALIASES.get(name, name)
    return name if name in FILES or name in OTHERS else ""


def file_bytes(record: RunRecord, format_name: str) -> bytes:
    """The content of a file in one of the formats that are one file.

    Raises:
        ExportError: the record has nothing to show in it, or a package is missing.
    """
    if format_name == "json":
        return to_json(record)
    content = content_of(record)
    if format_name in ("png", "svg", "pdf"):
        from lrtui.export.figure import figure_bytes

        return figure_bytes(content, format_name)
    text = _writer(format_name)(content)
    return text.encode("utf-8", "replace")


def _writer(format_name: str) -> Callable[[Content], str]:
    """The function that writes a format of text; imported late, as numpy comes with some."""
    match format_name:
        case "html":
            from lrtui.export.html import html_of

            return html_of
        case "md":
            from lrtui.export.markdown import markdown_of

            return markdown_of
        case "py":
            from lrtui.export.python_code import python_of

            return python_of
    from lrtui.export.curve_csv import csv_of

    return lambda content: csv_of(content.record)


def write(record: RunRecord, text: str, *, overwrite: bool) -> str:
    """Write a record to what `--to` would ask for; returns where, in words.

    Raises:
        ExportError: there is no such format, nothing to show in it, or a package is missing.
        FileExistsError: it exists and `overwrite` is off.
        OSError: it cannot be written.
    """
    target = target_of(text)
    if target.place == STDOUT:
        raise ExportError(f"{text}: there is no output here")
    if not target.is_file:
        return write_other(record, target, overwrite=overwrite)
    path = expanded(target.place or default_path(record, target.format))
    return str(write_atomic(file_bytes(record, target.format), path, overwrite))


def write_other(record: RunRecord, target: Target, *, overwrite: bool) -> str:
    """Write a record as something that is no single file; returns where, in words.

    Raises:
        ExportError: a package is missing, or refuses.
        FileExistsError: it exists and `overwrite` is off.
        OSError: it cannot be written.
    """
    content = content_of(record)
    match target.format:
        case "tensorboard":
            from lrtui.export.tensorboard import write_tensorboard

            folder = expanded(target.place or "runs") / base_name(record)
            write_tensorboard(content, folder, overwrite)
            return str(folder)
        case "wandb":
            from lrtui.export.wandb_run import write_wandb

            return write_wandb(content, expanded(target.place or "."), overwrite)
        case _:
            from lrtui.export.mlflow_run import write_mlflow

            return write_mlflow(content, target.place, overwrite)


def default_path(record: RunRecord, format_name: str) -> Path:
    """The file of an export that names none: in this folder, named after the run."""
    return Path(f"{base_name(record)}.{format_name}")


def base_name(record: RunRecord) -> str:
    """A name for files of a run: the model's name, or the run's, and the end of its id."""
    model = str(value_at(record.spec, "model.target") or record.name)
    return named_after(model, record.id)


def named_after(model: str, run_id: str) -> str:
    """A name for files of a run of this model."""
    what = model.rpartition(":")[2]
    name = "".join(letter for letter in what if letter.isalnum() or letter in "_-")
    ending = "".join(letter for letter in run_id[-6:] if letter.isalnum())
    return f"{name or 'run'}-{ending}"
