"""Prefill: what a model's file says that it is run with, in the form until another model is picked."""

from collections.abc import Iterator, Mapping
from typing import Any

from lrtui.catalog.values import show
from lrtui.tui.form.fields import OWN, ROLES


class Prefill:
    """Remembers what stood where a file's `SPEC` put something else. What a person typed is never replaced."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.touched: set[str] = set()
        self.args: dict[
            tuple[str, str], dict[str, Any]
        ] = {}  # of the choices brought, by (role, target)
        self.left: list[str] = []  # what the file says and a person chose otherwise, in words
        self._before: dict[str, tuple[str, str]] = {}

    def replace(self, texts: dict[str, str], table: Mapping[str, Any]) -> None:
        """Take back what the last file brought, as far as it still stands; put this one's in."""
        for path, (before, brought) in self._before.items():
            if texts[path] == brought and path not in self.touched:
                texts[path] = before
        self._before, self.args, self.left = {}, {}, []
        for path, text in self._texts(table):
            if path not in self.touched:
                self._before[path] = texts[path], text
                texts[path] = text
            elif texts[path] != text:
                self.left.append(f"{path} {text}")

    def _texts(self, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name, value in table.items():
            if name in ROLES and name != "model":
                self.args[name, value["target"]] = dict(value.get("args", {}))
                yield name, value["target"]
            elif isinstance(value, dict) and name != "model":
                yield from (
                    (f"{name}.{key}", _text(f"{name}.{key}", inner)) for key, inner in value.items()
                )
            elif name in OWN:
                yield name, _text(name, value)


def _text(path: str, value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else show(OWN[path], value)
