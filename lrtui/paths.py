"""Where things lie: one function a place, so that no other file spells a directory."""

import os
from pathlib import Path

import platformdirs

_APP = "lrtui"


def data() -> Path:
    """The folder for what must survive: run records and journals. `LRTUI_HOME` overrides it."""
    override = os.environ.get("LRTUI_HOME")
    root = (
        Path(override).expanduser()
        if override
        else platformdirs.user_data_path(_APP, appauthor=False)
    )
    return _made(root)


def config() -> Path:
    """The user's config file, in their config folder or in `LRTUI_HOME`; it may not exist."""
    override = os.environ.get("LRTUI_HOME")
    if override:
        return Path(override).expanduser() / "config.toml"
    return platformdirs.user_config_path(_APP, appauthor=False) / "config.toml"


def runs() -> Path:
    """Run records (`ID.json`) and the journals of runs that have not ended (`ID.jsonl`)."""
    return _made(data() / "runs")


def logs() -> Path:
    """What workers and users' modules printed, one file a worker; tracebacks go here."""
    return _made(data() / "logs")


def specs() -> Path:
    """Specs that a person saved under a name, and the recent ones."""
    return _made(data() / "specs")


def datasets() -> Path:
    """The root that downloads go to unless a person names another."""
    return _made(data() / "datasets")


def sample_models() -> Path:
    """The folder of sample model modules: beside the package, in a checkout and when installed alike."""
    return Path(__file__).resolve().parent.parent / "sample_models"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
