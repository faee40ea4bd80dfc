"""Candidates: what the list under a target's input offers while one types."""

from dataclasses import dataclass
from pathlib import Path

from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.targets import is_file_name
from lrtui.tui.clean import clean
from lrtui.tui.offers import Offers

_MOST = 200


@dataclass(frozen=True)
class Candidate:
    """A text to put into the input, and what it is. `open`: picking it asks for more."""

    text: str
    note: str = ""
    open: bool = False


_WORDS = {
    "model": (Candidate("torchvision:", "its models", open=True), Candidate("timm:", "its models", open=True)),
    "data": (Candidate("torchvision:", "its data sets", open=True),),
    "optimizer": (Candidate("apex.optimizers:", "NVIDIA's fused ones", open=True),),
    "loss": (Candidate("auto", "chosen for the data"), Candidate("none", "the model returns its loss")),
    "metric": (Candidate("none", "the loss alone"),),
    "step": (Candidate("none", "the usual one: forward, loss, backward, optimizer step"),),
}


def candidates(role: Role, text: str, offers: Offers) -> list[Candidate]:
    """What the text may become: offers of the file or module that it names, files and folders, the usual ones."""
    text = text.strip()
    where, colon, _ = text.rpartition(":")
    usual = [_candidate(offer) for offer in offers.usual(role)]
    if colon and where:
        inside = [_candidate(offer) for offer in offers.listing(role, where).offers]
        found = _matching(inside, text) or inside
        return [*found, *(other for other in usual if other not in inside)] if _complete(found, text) else _few(found)
    usual = _matching(usual, text)
    words = [word for word in _WORDS.get(role, ()) if word.text.startswith(text)]
    return [*usual, *words, *_files(text)][:_MOST]


def _few(found: list[Candidate]) -> list[Candidate]:
    """No more than can be looked through; what is left out is a letter away."""
    left = len(found) - _MOST
    return [*found[:_MOST], Candidate(found[_MOST].text, f"and {left} more: type to filter")] if left > 0 else found


def _candidate(offer: Offer) -> Candidate:
    return Candidate(offer.target, clean(offer.summary))


def _matching(found: list[Candidate], text: str) -> list[Candidate]:
    """Those that contain what was typed; all of them when one is typed out, so that another can be picked."""
    if _complete(found, text):
        return found
    return [candidate for candidate in found if text.lower() in candidate.text.lower()]


def _complete(found: list[Candidate], text: str) -> bool:
    return any(candidate.text == text for candidate in found)


def _files(text: str) -> list[Candidate]:
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


def _entry(text: str, folder: bool) -> Candidate:
    return Candidate(f"{text}/", "folder", open=True) if folder else Candidate(f"{text}:", "Python file", open=True)


def opens(text: str) -> bool:
    """Whether a text is only the beginning of a target."""
    return text.endswith((":", "/")) or is_file_name(text)
