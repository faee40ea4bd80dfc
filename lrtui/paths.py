"""Where files are kept: one function for each folder, so that no other file spells one."""

import contextlib
import errno
import os
import stat
from pathlib import Path

import platformdirs

from lrtui.files import expanded, make_folder

_APP = "lrtui"
_INSTEAD = "LRTUI_KEPT_IN"  # of this process and its workers, where `home` cannot be written
_FULL = (errno.ENOSPC, errno.EDQUOT)


def home() -> Path:
    """The folder of all files that lrtui keeps, as it should be. `LRTUI_HOME` overrides it.

    It may not exist, and it may be unusable: see `misnamed` and `unwritable`.
    """
    override = os.environ.get("LRTUI_HOME")
    if override:
        return expanded(override)
    return platformdirs.user_data_path(_APP, appauthor=False)


def data() -> Path:
    """The folder of all files that lrtui keeps: `home`, or what `keep_elsewhere` put in its place.

    Nothing here raises: where a folder cannot be created, its files cannot be opened.
    """
    if kept_elsewhere():
        return _created(Path(kept_elsewhere()))
    folder = _created(home())
    if not os.environ.get("LRTUI_HOME"):
        _close_to_others(folder)
    return folder


def misnamed() -> str:
    """What is wrong with the name of `home`, in a few words; "" for one that can be used."""
    folder = home()
    if os.environ.get("LRTUI_HOME") and _starts_with_tilde(folder):
        return f"{folder}: there is no such user"
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if "\0" in str(folder):
        return "its name has a NUL"
    return ""


def unreadable() -> str:
    """Why records cannot be read from `home`; "" where they can, or where there are none yet."""
    folder = home() / "runs"
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{folder}: {error.strerror}"
    return ""


def unwritable() -> str:
    """Why nothing can be kept in `home`; "" where it can, or could if there were room."""
    import tempfile  # imported late: it delays `--help`

    folder = home()
    if _starts_with_tilde(folder):
        return f"{folder}: there is no such user"
    try:
        for inner in (folder, folder / "runs", folder / "logs"):
            make_folder(inner)
            with tempfile.TemporaryFile(dir=inner):
                pass
    except OSError as error:
        # there may be room later, and until then the front ends say what is not saved
        return "" if error.errno in _FULL else f"{folder}: {error.strerror}"
    return ""


def _starts_with_tilde(folder: Path) -> bool:
    """Whether the home of a user is meant whom this machine does not know."""
    return str(folder).startswith("~")


def keep_elsewhere() -> str:
    """Keep everything of this process and its workers in a folder for temporary files.

    Returns it; "" where there is none, so that nothing is kept.
    """
    instead = elsewhere()
    if instead is None:
        return ""
    os.environ[_INSTEAD] = str(instead)
    return str(instead)


def kept_elsewhere() -> str:
    """Where everything is kept instead of in `home`; "" where nothing is in its place."""
    return os.environ.get(_INSTEAD, "")


def elsewhere() -> Path | None:
    """The folder for what cannot be kept in `home`, for the user alone; None without one."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"{_APP}-{os.getuid()}"
    try:
        make_folder(folder)
        status = folder.lstat()
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
        if is_ours and not status.st_mode & 0o077:
            return folder
        return Path(tempfile.mkdtemp(prefix=f"{_APP}-"))  # somebody else has taken the name
    except OSError:
        return None


def config() -> Path:
    """The user's config file, in their config folder or in `LRTUI_HOME`; it may not exist."""
    if os.environ.get("LRTUI_HOME"):
        return home() / "config.toml"
    return platformdirs.user_config_path(_APP, appauthor=False) / "config.toml"


def trusted() -> Path:
    """What the user has agreed to run. It stays in `home`, from where it is read-only, too."""
    _created(home())
    return home() / "trusted"


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


def sent() -> Path:
    """Files that other machines have sent with their runs: a folder for each set of files."""
    return _created(data() / "sent")


def specs() -> Path:
    """Specs that the user saved under a name."""
    return _created(data() / "specs")


def recent_specs() -> Path:
    """Specs that were run last."""
    return _created(specs() / "recent")


def datasets() -> Path:
    """The root of downloads, unless the user names another."""
    return _created(data() / "datasets")


def sample_models() -> Path:
    """The folder of sample model modules: beside the package, in a checkout and when installed."""
    return Path(__file__).resolve().parent.parent / "sample_models"


def _created(folder: Path) -> Path:
    with contextlib.suppress(OSError):
        make_folder(folder)
    return folder


def _close_to_others(folder: Path) -> None:
    """Let only the user into the folder, which an earlier version made for everybody.

    A folder that `LRTUI_HOME` names is left as it is: it may hold other things, for other people.
    """
    with contextlib.suppress(OSError):
        status = folder.stat()
        if status.st_mode & 0o077 and status.st_uid == os.getuid():
            folder.chmod(0o700)
