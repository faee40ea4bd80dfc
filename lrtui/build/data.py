"""Is the picked data there, and if not, can it be fetched? Worker only: torchvision knows where its sets lie."""

from pathlib import Path

from lrtui.build.datasets.download import Progress
from lrtui.build.importing import load
from lrtui.catalog.availability import Availability
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import split
from lrtui.spec import Choice

_FILES = {
    "images": ("root", "a folder with a sub-folder of images for each class"),
    "table": ("path", "a CSV, Parquet or .npy file"),
    "text": ("path", "a text file"),
}
_OPTIONS = ("root", "resize", "channels", "normalize", "augment", "download")


def available(choice: Choice) -> Availability:
    """Whether the data of a choice is there; what cannot be told without running a user's code counts as there."""
    where, what = split(choice.target)
    if where == "torchvision":
        from lrtui.build.datasets import vision

        load(choice.target)
        return vision.available(what, vision.folder_of(_root(choice)), _own_options(choice))
    if where == "lrtui" and what in _FILES:
        name, wanted = _FILES[what]
        given = choice.args.get(name)
        if not given or not Path(str(given)).expanduser().exists():
            missing = f"{given} is not there" if given else "is not given"
            return Availability(
                there=False, message=f"lrtui:{what}: {name}: {missing}; it takes {wanted}"
            )
    return Availability(there=True)


def download(choice: Choice, progress: Progress) -> None:
    """Fetch one of torchvision's data sets; CatalogError, in one line, when that fails."""
    from lrtui.build.datasets import vision

    where, what = split(choice.target)
    if where != "torchvision":
        raise CatalogError(f"{choice.target} is no data set of torchvision's: it cannot be fetched")
    load(choice.target)
    vision.fetch(what, vision.folder_of(_root(choice)), _own_options(choice), progress)


def _root(choice: Choice) -> str:
    return str(choice.args.get("root", ""))


def _own_options(choice: Choice) -> dict[str, object]:
    """The arguments that are the data set's, without those that say how it is given to a model."""
    return {name: value for name, value in choice.args.items() if name not in _OPTIONS}
