"""What goes to another machine with a spec: the user's files that it names, with their imports.

The other Python files of their folders go as well, if there is room: one may be imported under a
name that is computed. There they are used from where they lie here if the very same ones are at the
same place, else from copies. Data that arguments name is not sent.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.imports import Imports, module_name
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.targets import split
from lrtui.catalog.trust import is_sample, users_file
from lrtui.files import read_file
from lrtui.spec import CHOICES, Choice, RunSpec

MOST_BYTES = 16 * 2**20  # of the user's files
_MOST_NAMED = 20
_ROOT = Path("/")


class ShippingError(Exception):
    """Files that cannot be sent."""


class Bundle(msgspec.Struct, frozen=True):
    """What is sent.

    Attributes:
        files: the user's Python files, by their paths.
        places: in which of these files each choice of the spec is that is not a library's.
    """

    files: dict[str, bytes] = {}
    places: dict[str, str] = {}

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(map(len, self.files.values()))


def bundle_of(spec: RunSpec, installed: Installed | None = None) -> Bundle:
    """The bundle of a spec.

    Raises:
        ShippingError: its files cannot be read, or are too large to be sent.
    """
    installed = installed or Installed()
    files = {}
    for path in code_of(spec, installed):
        try:
            files[str(path)] = read_file(path)
        except OSError as error:
            raise ShippingError(f"{path} cannot be sent: {error.strerror}") from None
    places = _places(spec, installed)
    bundle = Bundle(files, places)
    if bundle.size > MOST_BYTES:
        limit = f"{bundle.size:,} bytes, and the limit is {MOST_BYTES:,}"
        raise ShippingError(f"the Python files that the run names are too large to send: {limit}")
    more = Bundle({**_beside(places.values()), **files}, places)
    return more if more.size <= MOST_BYTES else bundle


def code_of(spec: RunSpec, installed: Installed | None = None) -> list[Path]:
    """The user's Python files that a spec names, and what they import; no samples of lrtui's."""
    installed = installed or Installed()
    found: dict[Path, None] = {}
    for name in CHOICES:
        for path in _code_of_target(getattr(spec, name).target, installed):
            found[path] = None
    return list(found)


def sent_words(spec: RunSpec) -> str:
    """`sent: 2 files, 1,204 bytes: /net.py, /blocks.py`; "" where nothing is.

    Raises:
        ShippingError: they cannot be sent.
    """
    bundle = bundle_of(spec)
    if not bundle.files:
        return ""
    count = "1 file" if len(bundle.files) == 1 else f"{len(bundle.files)} files"
    names = list(bundle.files)
    if len(names) > _MOST_NAMED:
        names = [*names[:_MOST_NAMED], "…"]
    return f"sent: {count}, {bundle.size:,} bytes: {', '.join(names)}"


def root_of(bundle: Bundle, folder: Path) -> Path:
    """What the paths of the files are below on this machine: `/`, or a folder with copies.

    Raises:
        OSError: the copies cannot be written.
    """
    if all(_is_same(Path(name), content) for name, content in bundle.files.items()):
        return _ROOT
    for name, content in bundle.files.items():
        copy = below(folder, name)
        if not _is_same(copy, content):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    return folder


def placed(spec: RunSpec, bundle: Bundle, root: Path, roles: Iterable[str] = CHOICES) -> RunSpec:
    """The spec with targets that name its files below a root."""
    changes = {}
    for role in roles:
        name = bundle.places.get(role)
        if name is None:
            continue
        choice: Choice = getattr(spec, role)
        what = split(choice.target)[1]
        changes[role] = Choice(f"{below(root, name)}:{what}", choice.args)
    return msgspec.structs.replace(spec, **changes)


def below(root: Path, name: str) -> Path:
    """An absolute path below a root."""
    return root / Path(name).relative_to(_ROOT)


def _code_of_target(target: str, installed: Installed) -> list[Path]:
    try:
        where = split(target)[0]
    except CatalogError:
        return []  # auto or none
    path = users_file(where, installed)
    if path is None:
        return []
    path = path.resolve()
    files = [path]
    if path.suffix == ".py":
        files = Imports(installed, module_name(path)[0]).closure(path)
    return [file for file in files if not is_sample(file)]


def _beside(places: Iterable[str]) -> dict[str, bytes]:
    """The Python files in the folders of these files that can be read."""
    found = {}
    for folder in sorted({Path(place).parent for place in places}):
        for path in sorted(folder.glob("*.py")):
            with contextlib.suppress(OSError):
                found[str(path.resolve())] = read_file(path, MOST_BYTES)
    return found


def _places(spec: RunSpec, installed: Installed) -> dict[str, str]:
    """The user's file that each choice is in."""
    found = {}
    for role in CHOICES:
        try:
            path = users_file(split(getattr(spec, role).target)[0], installed)
        except CatalogError:
            continue  # auto or none
        if path is not None and not is_sample(path):
            found[role] = str(path.resolve())
    return found


def _is_same(path: Path, content: bytes) -> bool:
    try:
        return read_file(path) == content
    except OSError:
        return False
