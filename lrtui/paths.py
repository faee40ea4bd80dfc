"""Where files are kept: one function for each folder, so that no other file spells one."""

import os
from pathlib import Path

import platformdirs

_APP = "lrtui"


def data() -> Path:
    """The folder of all files that lrtui keeps. `LRTUI_HOME` overrides it."""
    override = os.environ.get("LRTUI_HOME")
    if override:
        return _created(Path(override).expanduser())
    return _created(platformdirs.user_data_path(_APP, appauthor=False))


def config() -> Path:
    """The user's config file, in their config folder or in `LRTUI_HOME`; it may not exist."""
    override = os.environ.get("LRTUI_HOME")
    if override:
        return Path(override).expanduser() / "config.toml"
    return platformdirs.user_config_path(_APP, appauthor=False) / "config.toml"


def runs() -> Path:
    """Run records (`ID.json`) and the journals of runs that have not ended (`ID.jsonl`)."""
    return _created(data() / "runs")


def runs_index() -> Path:
    """What a list needs of every record; it is made again where it is missing or damaged."""
    return data() / "runs.index"


def sweeps() -> Path:
    """Which tests of sweeps have been done: one line each, only ever appended."""
    return data() / "sweeps.jsonl"


def trash() -> Path:
    """Run records that were deleted, until they are removed for good."""
    return _created(data() / "trash")


def logs() -> Path:
    """Tracebacks, and what workers and users' modules printed: one file a worker."""
    return _created(data() / "logs")


def specs() -> Path:
    """Specs that the user saved under a name, and the recent ones."""
    return _created(data() / "specs")


def datasets() -> Path:
    """The root of downloads, unless the user names another."""
    return _created(data() / "datasets")


def sample_models() -> Path:
    """The folder of sample model modules: beside the package, in a checkout and when installed."""
    return Path(__file__).resolve().parent.parent / "sample_models"


def _created(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
