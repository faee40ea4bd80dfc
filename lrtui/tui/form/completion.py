"""Candidates: what the list under a target's input offers while one types."""

from dataclasses import dataclass
from pathlib import Path

from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.targets import is_file_name
from lrtui.tui.clean import clean
from lrtui.tui.form.offers import Offers

_MOST = 200


@dataclass(frozen=True)
class Completion:
    """A text to put into the input, and what it is. `open`: picking it asks for more."""

    text: str
    note: str = ""
    open: bool = False


_WORDS = {
    "model": (
        Completion("torchvision:", "its models", open=True),
        Completion("timm:", "its models", open=True),
    ),
    "data": (Completion("torchvision:", "its data sets", open=True),),
    "optimizer": (Completion("apex.optimizers:", "NVIDIA's fused ones", open=True),),
    "loss": (
        Completion("auto", "chosen for the data"),
        Completion("none", "the model returns its loss"),
    ),
    "metric": (Completion("none", "the loss alone"),),
    "step": (Completion("none", "the usual one: forward, loss, backward, optimizer step"),),
}


def candidates(role: Role, text: str, offers: Offers) -> list[Completion]:
    """What the text may become: offers of the file or module that it names, files and folders, the usual ones."""
    text = text.strip()
    where, colon, _ = text.rpartition(":")
    usual = [_candidate(offer) for offer in offers.usual(role)]
    if colon and where:
        inside = [_candidate(offer) for offer in offers.listing(role, where).offers]
        found = _matching(inside, text) or inside
        return (
            [*found, *(other for other in usual if other not in inside)]
            if _complete(found, text)
            else _few(found)
        )
    usual = _matching(usual, text)
    words = [word for word in _WORDS.get(role, ()) if word.text.startswith(text)]
    return [*usual, *words, *_files(text)][:_MOST]


def _few(found: list[Completion]) -> list[Completion]:
    """No more than can be looked through; what is left out is a letter away."""
    left = len(found) - _MOST
    return (
        [*found[:_MOST], Completion(found[_MOST].text, f"and {left} more: type to filter")]
        if left > 0
        else found
    )


def _candidate(offer: Offer) -> Completion:
    return Completion(offer.target, clean(offer.summary))


def _matching(found: list[Completion], text: str) -> list[Completion]:
    """Those that contain what was typed; all of them when one is typed out, so that another can be picked."""
    if _complete(found, text):
        return found
    return [candidate for candidate in found if text.lower() in candidate.text.lower()]


def _complete(found: list[Completion], text: str) -> bool:
    return any(candidate.text == text for candidate in found)


def _files(text: str) -> list[Completion]:
    """Python files and folders whose path begins like the text; hidden ones only when asked for."""
    head, slash, stem = text.rpartition("/")
    folder = Path(f"{head}/" if slash else ".").expanduser()
    try:
        entries = sorted(folder.iterdir(), key=lambda path: (path.is_file(), path.name))
        kept = [path for path in entries[:5000] if _wanted(path, stem)]
        return [_entry(f"{head}{slash}{path.name}", path.is_dir()) for path in kept]
    except OSError:
        return []  # no such folder, or one that may not be read: nothing to offer


def _wanted(path: Path, stem: str) -> bool:
    hidden = path.name.startswith((".", "__")) and not stem.startswith((".", "_"))
    return path.name.startswith(stem) and not hidden and (path.suffix == ".py" or path.is_dir())


def _entry(text: str, folder: bool) -> Completion:
    return (
        Completion(f"{text}/", "folder", open=True)
        if folder
        else Completion(f"{text}:", "Python file", open=True)
    )


def opens(text: str) -> bool:
    """Whether a text is only the beginning of a target."""
    return text.endswith((":", "/")) or is_file_name(text)
