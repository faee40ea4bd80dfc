"""The user's own keys: the `[keys]` table of config.toml, from binding ids to keys."""

import difflib
from collections.abc import Iterable, Iterator

from textual.binding import Binding, BindingType
from textual.keys import Keys, key_to_character

from lrtui.tui import keys
from lrtui.tui.config import ConfigError

Keymap = dict[str, str]  # binding id → keys, separated by commas

_MODIFIERS = {"alt", "ctrl", "shift", "super", "hyper", "meta"}


def checked_keymap(table: object) -> Keymap:
    """The keys that the `[keys]` table sets.

    Raises:
        ConfigError: it names an unknown binding, an unknown key, or a key that is taken.
    """
    keymap = {}
    known = {binding.id for binding in _bindings(*keys.SCREENS) if binding.id}
    for binding_id, value in _flattened(table):
        if binding_id not in known:
            raise ConfigError(f"[keys] unknown binding '{binding_id}'{nearest(binding_id, known)}")
        if not isinstance(value, str):
            raise ConfigError(f'[keys] {binding_id}: expected a key in quotes, such as "f9"')
        keymap[binding_id] = _normalized(binding_id, value)
    for screen in keys.SCREENS:
        _refuse_conflicts(screen, keymap)
    return keymap


def _flattened(table: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Ids and values: TOML reads `run.reset = "f9"` as a table in a table."""
    if not isinstance(table, dict):
        yield prefix, table
        return
    for name, value in table.items():
        yield from _flattened(value, f"{prefix}.{name}".removeprefix("."))


def _normalized(binding_id: str, value: str) -> str:
    """The keys by Textual's names; single characters such as `]` get theirs."""
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if not _is_key(name):
            raise ConfigError(
                f"[keys] {binding_id}: unknown key '{name}': "
                "expected a character, or a name such as f9, space or comma"
            )
    return ",".join(binding.key for binding in Binding.make_bindings([Binding(value, "")]))


def _is_key(name: str) -> bool:
    if len(name) == 1:
        return True
    *modifiers, key = name.split("+")
    if not set(modifiers) <= _MODIFIERS or not key:
        return False
    return key in set(Keys) or key_to_character(key) is not None


def _refuse_conflicts(screen: list[BindingType], keymap: Keymap) -> None:
    """Refuse a key of the user's that another binding of the same screen has.

    What two bindings share by default is for different places of the screen, and no conflict.
    """
    owners: dict[str, str] = {}
    by_default = {(binding.id or "", binding.key) for binding in _bindings(screen)}
    for binding in _bindings(screen):
        binding_id = binding.id or ""
        for key in keymap.get(binding_id, binding.key).split(","):
            owner = owners.setdefault(key, binding_id)
            if {(owner, key), (binding_id, key)} <= by_default:
                continue
            if owner != binding_id and not keymap.keys().isdisjoint({owner, binding_id}):
                raise ConfigError(
                    f"[keys] {owner} and {binding_id} both have the key '{key}': change one of them"
                )


def _bindings(*screens: list[BindingType]) -> Iterator[Binding]:
    """Every binding of these screens and of the app, one for each key."""
    for screen in (*screens, keys.EVERYWHERE):
        yield from Binding.make_bindings(screen)


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that was meant, as the end of a message; "" where none is near."""
    matches = difflib.get_close_matches(name, list(names), n=1, cutoff=0.3)
    if not matches:
        return ""
    return f"; did you mean '{matches[0]}'?"
