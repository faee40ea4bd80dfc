"""Docstrings: the line that a form shows, and what is said about each parameter."""

import re
from inspect import cleandoc

_GOOGLE = re.compile(r"^\s{2,}\**(\w+)\**\s*(?:\([^)]*\))?\s*:(?:\s+(.*))?$")
_SPHINX = re.compile(r"^\s*:param\s+(?:[\w\[\], ]+\s)?(\w+):\s*(.+)$")
_MARKUP = re.compile(r":\w+:`~?([^`]+)`|``([^`]+)``|`([^`]+)`")
_LIMIT = 4000


def clean(doc: str | None) -> str:
    """A docstring without its indentation, cut where it would fill a screen many times over."""
    return cleandoc(doc)[:_LIMIT] if doc else ""


def summary(doc: str | None) -> str:
    """The first line of a docstring, as plain text; lines that only say a signature or a directive are passed over."""
    for line in clean(doc).splitlines():
        text = line.strip()
        if text and not text.startswith(".. ") and not re.match(r"^\w+\(.*\)\s*(->.*)?$", text):
            return plain(text)
    return ""


def helps(doc: str | None) -> dict[str, str]:
    """The first sentence on each parameter that a docstring of Google's or Sphinx's style explains."""
    found: dict[str, str] = {}
    name, indent = "", 0
    for line in cleandoc(doc or "").splitlines():
        match = _GOOGLE.match(line) or _SPHINX.match(line)
        deeper = len(line) - len(line.lstrip()) > indent
        if match and not (name and deeper):
            name, indent = match[1], len(line) - len(line.lstrip())
            found.setdefault(name, match[2] or "")
        elif name and line.strip() and deeper:
            found[name] += " " + line.strip()
        else:
            name, indent = "", 0
    return {name: _sentence(plain(text.strip())) for name, text in found.items()}


def _sentence(text: str) -> str:
    """What comes before the first full stop that ends a sentence."""
    return re.split(r"(?<=[a-z)])\.(?:\s|$)", text, maxsplit=1)[0]


def plain(text: str) -> str:
    """Text without the marks of reStructuredText."""
    return _MARKUP.sub(lambda match: match[1] or match[2] or match[3], text).strip()
