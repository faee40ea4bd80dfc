"""Text for character models: a user's file, or the source of Python's standard library."""

import sysconfig
from pathlib import Path

import torch

from lrtui.catalog.errors import CatalogError
from lrtui.files import expanded

VALIDATION_FRACTION = 0.1
_LIBRARY_CHARACTERS = 1_000_000

Codes = torch.Tensor  # int64, one code for each character


class Characters:
    """Windows of `context` characters. The target is the same window, one character later.

    Items are (input, target), or a mapping as Hugging Face models take it.
    """

    def __init__(self, codes: Codes, alphabet: str, context: int, mapping: bool) -> None:
        self.codes = codes
        self.alphabet = alphabet
        self.vocab_size = len(alphabet)
        self._context = context
        self._mapping = mapping

    def __len__(self) -> int:
        """The number of windows; they do not overlap."""
        return (len(self.codes) - 1) // self._context

    def __getitem__(self, index: int) -> tuple[Codes, Codes] | dict[str, Codes]:
        """One window and its target."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        begin = index * self._context
        inputs = self.codes[begin : begin + self._context]
        targets = self.codes[begin + 1 : begin + 1 + self._context]
        if self._mapping:
            return {"input_ids": inputs, "labels": targets}
        return inputs, targets


Parts = tuple[Characters, Characters]  # for training and for validation


def text(path: str, context: int = 64, mapping: bool = False) -> Parts:
    """A text file, character by character; its last tenth is the validation part.

    Args:
        path: the file, in UTF-8
        context: characters in one example
        mapping: batches are {input_ids, labels}, as Hugging Face models take them
    """
    try:
        content = expanded(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        message = f"{path} is not text in UTF-8: {error.reason} at byte {error.start}"
        raise CatalogError(message) from error
    return split_characters(content, context, mapping, path)


def library_text(context: int = 64, mapping: bool = False) -> Parts:
    """A million characters of Python's standard library: real text that every machine has.

    Args:
        context: characters in one example
        mapping: batches are {input_ids, labels}, as Hugging Face models take them
    """
    folder = Path(sysconfig.get_path("stdlib"))
    content = ""
    for path in sorted(folder.glob("*.py")):
        content += path.read_text(encoding="utf-8", errors="ignore")
        if len(content) >= _LIBRARY_CHARACTERS:
            break
    ascii_only = content[:_LIBRARY_CHARACTERS].encode("ascii", errors="ignore").decode()
    return split_characters(ascii_only, context, mapping, "the standard library")


def split_characters(content: str, context: int, mapping: bool, name: str) -> Parts:
    """The training and the validation part of a text; CatalogError if it is too short for that."""
    if context < 1:
        raise CatalogError(f"context must be at least 1, got {context}")
    val_count = int(VALIDATION_FRACTION * len(content))
    if val_count <= context:
        message = f"{name} has {len(content)} characters"
        raise CatalogError(f"{message}, which is too few for a context of {context}")
    alphabet = "".join(sorted(set(content)))
    code_of = {letter: code for code, letter in enumerate(alphabet)}
    codes = torch.tensor([code_of[letter] for letter in content], dtype=torch.int64)
    train = Characters(codes[:-val_count], alphabet, context, mapping)
    val = Characters(codes[-val_count:], alphabet, context, mapping)
    return train, val
