"""Whether the picked data is on this machine, and its download."""

from typing import NamedTuple

from lrtui.build import libraries
from lrtui.build.datasets import vision
from lrtui.build.datasets.download import Progress
from lrtui.build.importing import load
from lrtui.catalog.availability import Availability
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import split
from lrtui.files import expanded, is_taken
from lrtui.spec import Choice


class _File(NamedTuple):
    """The argument of a data set that names its file or folder, and what that must be."""

    argument: str
    expected: str


_FILES = {
    "images": _File("root", "a folder with a sub-folder of images for each class"),
    "table": _File("path", "a CSV, Parquet or .npy file"),
    "text": _File("path", "a text file"),
}
# Arguments of the factory that torchvision's own class does not take.
_FACTORY_ARGUMENTS = ("root", "resize", "channels", "normalize", "augment", "download")


def available(choice: Choice) -> Availability:
    """Whether the data of a choice is here.

    Data that only the user's code knows about counts as available.
    """
    where, what = split(choice.target)
    if where == "torchvision":
        load(choice.target)  # CatalogError for an unknown name
        if what not in libraries.torchvision_names("data"):
            return Availability(there=True)  # what no list has is not even made before it is run
        return _vision_set(choice, what).availability()
    if where == "lrtui" and what in _FILES:
        return _file_available(choice, what)
    return Availability(there=True)


def download(choice: Choice, progress: Progress) -> None:
    """Download one of torchvision's data sets; CatalogError if that fails."""
    where, what = split(choice.target)
    if where != "torchvision":
        message = f"{choice.target} is not a data set of torchvision"
        raise CatalogError(f"{message}: it cannot be downloaded")
    load(choice.target)
    _vision_set(choice, what).download(progress)


def _file_available(choice: Choice, what: str) -> Availability:
    file = _FILES[what]
    path = choice.args.get(file.argument)
    if not path:
        problem = "is not given"
    elif not is_taken(expanded(str(path))):
        problem = f"{path} does not exist"
    else:
        return Availability(there=True)
    message = f"lrtui:{what}: {file.argument}: {problem}; expected {file.expected}"
    return Availability(there=False, message=message)


def _vision_set(choice: Choice, name: str) -> vision.VisionSet:
    options: dict[str, object] = {}
    for argument, value in choice.args.items():
        if argument not in _FACTORY_ARGUMENTS:
            options[argument] = value
    folder = vision.folder_of(str(choice.args.get("root", "")))
    return vision.VisionSet(name, folder, options)
