"""Where Python looks for modules: the working directory never stands before what is installed."""

import os
import site
import sys
import sysconfig
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def working_directory() -> Path | None:
    """The working directory with links resolved; None where it was deleted."""
    try:
        return Path.cwd().resolve()
    except OSError:
        return None


def leave_working_directory() -> None:
    """Take the working directory off sys.path: a file in it may be called like any module.

    Where lrtui itself lies in it, as in a checkout, it is searched last instead.
    """
    kept = [entry for entry in sys.path if not _is_here(entry)]
    if len(kept) < len(sys.path) and _is_here(str(_PACKAGE.parent)):
        kept.append(str(_PACKAGE.parent))
    sys.path[:] = kept


def search_last(folder: Path | None) -> None:
    """Let modules of a folder be imported, where no installed module has the same name."""
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))


class Installed:
    """The folders whose modules were installed: by pip, by Debian, by PYTHONPATH from elsewhere.

    Made before any folder of a user's is searched.
    """

    def __init__(self) -> None:
        given = set(os.environ.get("PYTHONPATH", "").split(os.pathsep))
        roots = {_PACKAGE, *map(Path, _site_folders())}
        self.search: list[str] = []  # sys.path without the user's own folders
        for entry in sys.path:
            folder = Path(entry).resolve()
            if folder in roots or not _is_the_users(folder, entry in given):
                self.search.append(entry)
                roots |= {folder, Path(entry).absolute()}
        self._roots = tuple(roots)

    def has(self, path: Path) -> bool:
        """Whether a file was installed, and is no link to another place."""
        return self._is_in(path.absolute()) and self._is_in(path.resolve())

    def _is_in(self, path: Path) -> bool:
        return any(path.is_relative_to(root) for root in self._roots)


def _is_the_users(folder: Path, is_given: bool) -> bool:
    """Whether a folder of sys.path holds the working directory; or, from PYTHONPATH, is in it."""
    here = working_directory()
    if here is None:
        return False
    return here.is_relative_to(folder) or (is_given and folder.is_relative_to(here))


def _site_folders() -> list[str]:
    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return [*folders, *(str(Path(folder).resolve()) for folder in folders)]


def _is_here(entry: str) -> bool:
    return not entry or Path(entry).resolve() == working_directory()
