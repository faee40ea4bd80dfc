"""Files: written completely or not at all, for the user alone, and read only where regular.

What lrtui creates is readable by nobody else, whatever the umask says: a record names files, hosts
and arguments. Where a file is created or appended to, a link in its place is never followed; a path
that the user types may be a link.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

_OURS_ALONE = 0o600
_STALE_SECONDS = 3600.0
_DEEPEST = 50  # tables and lists within each other
_TOO_DEEP = "its tables and lists nest too deeply"
_ROOM = 16 * 2**20
LARGEST = 256 * 2**20  # bytes of a file that is read whole
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path with `~` as a shell expands it: where there is no such user it stays as it is."""
    try:
        return Path(path).expanduser()
    except (RuntimeError, ValueError):  # no such user, or a name that nobody can have
        return Path(path)


def is_file(path: Path) -> bool:
    """Whether there is a regular file; False for a name that no file can have."""
    return os.path.isfile(path)  # noqa: PTH113 - Path's own raises for a name that is too long


def is_folder(path: Path) -> bool:
    """Whether there is a folder; False for a name that no folder can have."""
    return os.path.isdir(path)  # noqa: PTH112 - Path's own raises for a name that is too long


def other_kind(path: Path) -> str:
    """What there is at a path that is no regular file: "a pipe"; "" where there is nothing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return "a link to nothing" if _is_link(path) else ""
    return "" if stat.S_ISREG(mode) else _kind(mode)


def _kind(mode: int) -> str:
    for is_kind, words in _KINDS:
        if is_kind(mode):
            return words
    return "nothing that can be read"


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - Path's own raises for a name that is too long


def is_taken(path: Path) -> bool:
    """Whether there is anything at a path; False for a name that nothing can have."""
    return os.path.lexists(path)  # a link to nowhere takes a name, too


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
            raise OSError(errno.EINVAL, f"is {_kind(status.st_mode)}, no file", str(path))
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


def open_private(path: Path, *, append: bool = False) -> BinaryIO:
    """Create a file that only the user can read, unbuffered; with `append`, or add to it.

    Raises:
        FileExistsError: there is a file, or a link, and `append` is off.
        OSError: it cannot be created, or with `append` is a link or no regular file.
    """
    mode = os.O_APPEND if append else os.O_EXCL
    # without O_NONBLOCK a pipe would be waited for
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | mode
    descriptor = os.open(path, flags, _OURS_ALONE)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(path))
        if stat.S_IMODE(status.st_mode) != _OURS_ALONE:
            _make_private(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "ab" if append else "wb", buffering=0)


def open_log(path: Path, *, append: bool = False) -> BinaryIO:
    """The same for a log; where it cannot be created, what is written to it goes nowhere."""
    try:
        return open_private(path, append=append)
    except OSError:
        return Path(os.devnull).open("ab", buffering=0)


def make_folder(folder: Path) -> None:
    """Create a folder that only the user can enter, and its parents; one that exists stays.

    Raises:
        OSError: it cannot be created, or a file is in its place.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)  # a umask may have taken rights from the user too
    except FileExistsError:
        if not folder.is_dir():
            raise


def write_atomic(
    content: bytes, path: Path, overwrite: bool = False, *, follow: bool = True
) -> Path:
    """Write the content to a temporary file beside `path`, sync it, then link or rename it.

    Returns the path that was written. Only the user can read it, also where a file that others
    could read was overwritten.

    Args:
        content: of the file.
        path: of the file.
        overwrite: replace a file that exists.
        follow: write what a symbolic link leads to, as for a path that the user types. Without it
            a link, as somebody may have put it into a folder of ours, is itself replaced.

    Raises:
        FileExistsError: the file exists and `overwrite` is off.
        OSError: it cannot be written; `strerror` says why. An existing file stays as it was. A
            device, a pipe or anything else that is not a regular file is refused.
    """
    path = expanded(path)
    path = _resolved(path) if follow else _resolved(path.parent) / path.name
    _check_target(path, overwrite)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open_private(temporary) as file:
            _write_all(file, content)
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


def _resolved(path: Path) -> Path:
    resolved = path
    with contextlib.suppress(RuntimeError):  # what Python 3.11 and 3.12 raise for a loop
        resolved = path.resolve()
    if resolved.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return resolved


def _check_target(path: Path, overwrite: bool) -> None:
    """Raise OSError for a path that must not be written."""
    if path.is_symlink():
        if not overwrite:
            raise FileExistsError(errno.EEXIST, "already exists", str(path))
        return
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a directory, expected a file name", str(path))
    if path.exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, "already exists", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, f"is {other_kind(path)}, no file", str(path))


def _write_all(file: BinaryIO, content: bytes) -> None:
    """Write all of it: a disk that runs full takes a part, and then raises."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _make_private(descriptor: int) -> None:
    # a file system without permissions, or a file of another user's
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, _OURS_ALONE)


def folder_with_room(folders: Iterable[Path | None], needed: int = _ROOM) -> Path | None:
    """The first folder that can be written, with so many bytes to spare; None if none can."""
    for folder in folders:
        if folder is None or not os.access(folder, os.W_OK | os.X_OK):
            continue
        with contextlib.suppress(OSError):
            free = os.statvfs(folder)
            if free.f_bavail * free.f_frsize > needed:
                return folder
    return None


def sweep(folder: Path, now: float) -> None:
    """Remove temporary files that killed writers left over an hour before `now`, in seconds."""
    for orphan in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if now - orphan.lstat().st_mtime > _STALE_SECONDS:
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
