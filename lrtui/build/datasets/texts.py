"""Text for character models: a file of one's own, or the source of Python's standard library, which is everywhere."""

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrtui.catalog.errors import CatalogError

if TYPE_CHECKING:
    import torch

VALIDATION = 0.1
_LIBRARY_CHARACTERS = 1_000_000


class Characters:
    """Windows of `context` characters, and the same moved on by one: the next character is the target.

    Items are (input, target), or a mapping as Hugging Face models take it.
    """

    def __init__(self, codes: "torch.Tensor", alphabet: str, context: int, mapping: bool) -> None:
        self.codes = codes
        self.alphabet = alphabet
        self.vocab_size = len(alphabet)
        self._context = context
        self._mapping = mapping

    def __len__(self) -> int:
        """How many windows there are, one after the other."""
        return (len(self.codes) - 1) // self._context

    def __getitem__(self, place: int) -> Any:
        """One window and its target."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        begin = place * self._context
        inputs, targets = (
            self.codes[begin + shift : begin + shift + self._context] for shift in (0, 1)
        )
        return {"input_ids": inputs, "labels": targets} if self._mapping else (inputs, targets)


def text(path: str, context: int = 64, mapping: bool = False) -> tuple[Characters, Characters]:
    """A text file, character by character; its last tenth is the validation part.

    Args:
        path: the file, in UTF-8
        context: characters in one example
        mapping: give batches as {input_ids, labels}, as Hugging Face models take them
    """
    try:
        content = Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(
            f"{path} is no text in UTF-8: {error.reason} at byte {error.start}"
        ) from error
    return characters(content, context, mapping, path)


def library_text(context: int = 64, mapping: bool = False) -> tuple[Characters, Characters]:
    """A million characters of Python's own standard library: real text that every machine has.

    Args:
        context: characters in one example
        mapping: give batches as {input_ids, labels}, as Hugging Face models take them
    """
    folder = Path(sysconfig.get_path("stdlib"))
    content = ""
    for path in sorted(folder.glob("*.py")):
        content += path.read_text(encoding="utf-8", errors="ignore")
        if len(content) >= _LIBRARY_CHARACTERS:
            break
    plain = "".join(letter for letter in content[:_LIBRARY_CHARACTERS] if letter.isascii())
    return characters(plain, context, mapping, "the standard library")


def characters(
    content: str, context: int, mapping: bool, name: str
) -> tuple[Characters, Characters]:
    """The two parts of a text; CatalogError for one that is too short to be split."""
    import torch

    if context < 1:
        raise CatalogError(f"context must be at least 1, got {context}")
    held = int(VALIDATION * len(content))
    if held <= context:
        raise CatalogError(
            f"{name} has {len(content)} characters, which is too few for a context of {context}"
        )
    alphabet = "".join(sorted(set(content)))
    places = {letter: place for place, letter in enumerate(alphabet)}
    codes = torch.tensor([places[letter] for letter in content], dtype=torch.int64)
    parts = codes[:-held], codes[-held:]
    return Characters(parts[0], alphabet, context, mapping), Characters(
        parts[1], alphabet, context, mapping
    )
