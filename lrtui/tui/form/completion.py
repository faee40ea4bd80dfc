"""Completions: what the list below a target's input offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lrtui.catalog.offers import Offer, Role
from lrtui.files import expanded
from lrtui.tui.clean import clean
from lrtui.tui.form.offers import Offers

_MOST = 200
_MOST_ENTRIES = 5000  # of a folder


@dataclass(frozen=True)
class Completion:
    """A text to put into the input, and what it is. `open`: picking it opens the next list."""

    text: str
    note: str = ""
    open: bool = False


_PREFIXES: dict[Role, tuple[Completion, ...]] = {
    "model": (
        Completion("torchvision:", "its models", open=True),
        Completion("timm:", "its models", open=True),
    ),
    "data": (Completion("torchvision:", "its data sets", open=True),),
    "optimizer": (Completion("apex.optimizers:", "NVIDIA's fused optimizers", open=True),),
    "loss": (
        Completion("auto", "chosen for the data"),
        Completion("none", "the model returns its loss"),
    ),
    "metric": (Completion("none", "only the loss"),),
    "step": (Completion("none", "forward, loss, backward, optimizer step"),),
}


def completions(role: Role, text: str, offers: Offers) -> list[Completion]:
    """What a text may become: offers of the file or module in it, usual offers, files, folders."""
    text = text.strip()
    where, colon, _ = text.rpartition(":")
    usual = [_of_offer(offer) for offer in offers.usual(role)]
    if colon and where:
        return _inside(role, where, text, offers, usual)
    prefixes = [prefix for prefix in _PREFIXES[role] if prefix.text.startswith(text)]
    return [*_matching(usual, text), *prefixes, *_files(text)][:_MOST]


def _inside(
    role: Role, where: str, text: str, offers: Offers, usual: Sequence[Completion]
) -> list[Completion]:
    """What a file or module offers; after a complete target the usual offers as well."""
    listed = [_of_offer(offer) for offer in offers.listing(role, where).offers]
    matching = _matching(listed, text) or listed
    if _is_complete(matching, text):
        return [*matching, *(other for other in usual if other not in listed)]
    return _shortened(matching)


def _shortened(completions: list[Completion]) -> list[Completion]:
    """The first of many; the last line says how many more there are."""
    left = len(completions) - _MOST
    if left <= 0:
        return completions
    last = Completion(completions[_MOST].text, f"and {left} more: type to filter")
    return [*completions[:_MOST], last]


def _of_offer(offer: Offer) -> Completion:
    return Completion(offer.target, clean(offer.summary))


def _matching(completions: list[Completion], text: str) -> list[Completion]:
    """Those that contain the text; all of them after a complete target, to pick another one."""
    if _is_complete(completions, text):
        return completions
    return [completion for completion in completions if text.lower() in completion.text.lower()]


def _is_complete(completions: Sequence[Completion], text: str) -> bool:
    return any(completion.text == text for completion in completions)


def _files(text: str) -> list[Completion]:
    """Python files and folders whose path starts with the text."""
    head, slash, stem = text.rpartition("/")
    folder = expanded(f"{head}{slash}" or ".")
    listed: list[Completion] = []
    try:
        entries = sorted(folder.iterdir(), key=lambda path: (path.is_file(), path.name))
        for path in entries[:_MOST_ENTRIES]:
            if _is_wanted(path, stem):
                listed.append(_of_path(path, f"{head}{slash}{path.name}"))
    except OSError:
        return []  # no such folder, or not readable
    return listed


def _is_wanted(path: Path, stem: str) -> bool:
    """Hidden files are listed only where the text starts like one."""
    if path.name.startswith((".", "__")) and not stem.startswith((".", "_")):
        return False
    return path.name.startswith(stem) and (path.suffix == ".py" or path.is_dir())


def _of_path(path: Path, text: str) -> Completion:
    if path.is_dir():
        return Completion(f"{text}/", "folder", open=True)
    return Completion(f"{text}:", "Python file", open=True)
