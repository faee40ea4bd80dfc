"""Files: written completely or not at all, and read only where they are regular ones."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_STALE_SECONDS = 3600.0
_DEEPEST = 50  # tables and lists within each other
_TOO_DEEP = "its tables and lists nest too deeply"
LARGEST = 256 * 2**20  # bytes of a file that is read whole


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path with `~` as a shell expands it: where there is no such user it stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def read_file(path: Path, most: int = LARGEST) -> bytes:
    """The content of a regular file. A pipe, which could block for ever, is not waited for.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `most` bytes.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(path))
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"{status.st_size:,} bytes are too many", str(path))
        return file.read()


def toml_table(text: str) -> dict[str, Any]:
    """A TOML text as a table.

    Raises:
        ValueError: it is not TOML, nests too deeply or has a number that is too long: in one line.
    """
    import tomllib  # late: most starts of the app read no TOML

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError:  # Python's own limit, 4,300 digits
        raise ValueError("not TOML: a whole number in it has too many digits") from None
    if _nests_deeper(table, _DEEPEST):
        raise ValueError(_TOO_DEEP)
    return table


def _nests_deeper(table: dict[str, Any], most: int) -> bool:
    """Whether more than so many tables and lists lie within each other."""
    level: list[Any] = [table]
    for _ in range(most):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        level = inner
    return any(isinstance(value, dict | list) for value in level)


def regular_files(folder: Path, pattern: str) -> Iterator[tuple[Path, os.stat_result]]:
    """The regular files of a folder, with their status; no pipes, dangling links and the like.

    Raises:
        OSError: the folder cannot be read.
    """
    for path in sorted(folder.glob(pattern)):
        with contextlib.suppress(OSError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                yield path, status


def write_atomic(content: bytes, path: Path, overwrite: bool = False) -> Path:
    """Write the content to a temporary file beside `path`, sync it, then link or rename it.

    A symbolic link is followed. Returns the path that was written.

    Raises:
        FileExistsError: the file exists and `overwrite` is off.
        OSError: it cannot be written; `strerror` says why. An existing file stays as it was. A
            device, a pipe or anything else that is not a regular file is refused.
    """
    path = expanded(path).resolve()
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a directory, expected a file name", str(path))
    if path.exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, "already exists", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(path)
        else:
            _rename_new(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


def sweep(folder: Path, now: float) -> None:
    """Remove temporary files that killed writers left over an hour before `now`, in seconds."""
    for orphan in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if now - orphan.stat().st_mtime > _STALE_SECONDS:
                orphan.unlink()


def _rename_new(temporary: Path, path: Path) -> None:
    """Rename the file, unless another process created `path` meanwhile.

    A hard link fails if `path` exists, while a rename would overwrite it.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, "already exists", str(path)) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        temporary.replace(path)  # a file system without hard links


def _sync_folder(folder: Path) -> None:
    # some file systems cannot sync a directory; the content of the file is already synced
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
