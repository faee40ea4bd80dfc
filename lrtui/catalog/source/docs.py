"""Docstrings: the summary that a form shows, and the help of each parameter."""

import re
from inspect import cleandoc

_GOOGLE = re.compile(r"^\s{2,}\**(\w+)\**\s*(?:\([^)]*\))?\s*:(?:\s+(.*))?$")
_SPHINX = re.compile(r"^\s*:param\s+(?:[\w\[\], ]+\s)?(\w+):\s*(.+)$")
_SIGNATURE = re.compile(r"^\w+\(.*\)\s*(->.*)?$")
_MARKUP = re.compile(r":\w+:`~?([^`]+)`|``([^`]+)``|`([^`]+)`")
_SENTENCE_END = re.compile(r"(?<=[a-z)])\.(?:\s|$)")
_LIMIT = 4000  # characters of a docstring that a form shows


def clean(doc: str | None) -> str:
    """A docstring without its indentation, cut to a length that a screen can show."""
    if not doc:
        return ""
    return cleandoc(doc)[:_LIMIT]


def summary(doc: str | None) -> str:
    """The first line of a docstring as plain text, after any signature or directive."""
    for line in clean(doc).splitlines():
        text = line.strip()
        if text and not text.startswith(".. ") and not _SIGNATURE.match(text):
            return plain(text)
    return ""


def helps(doc: str | None) -> dict[str, str]:
    """The first sentence about each parameter, from a docstring in Google's or Sphinx's style."""
    texts: dict[str, str] = {}
    name, indent = "", 0
    for line in cleandoc(doc or "").splitlines():
        depth = len(line) - len(line.lstrip())
        continues = name != "" and depth > indent
        match = _GOOGLE.match(line) or _SPHINX.match(line)
        if match and not continues:
            name, indent = match[1], depth
            texts.setdefault(name, match[2] or "")
        elif continues and line.strip():
            texts[name] += " " + line.strip()
        else:
            name, indent = "", 0
    return {name: _first_sentence(plain(text)) for name, text in texts.items()}


def plain(text: str) -> str:
    """Text without the markup of reStructuredText."""
    return _MARKUP.sub(lambda match: match[1] or match[2] or match[3], text).strip()


def _first_sentence(text: str) -> str:
    return _SENTENCE_END.split(text, maxsplit=1)[0]
