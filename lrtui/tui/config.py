"""The user's config.toml: keys, and how the app is drawn. What a flag says is above it."""

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lrtui.files import read_file
from lrtui.tui.glyphs import only_ascii


class ConfigError(ValueError):
    """A config file that cannot be used. Its text is one line."""


class Config(NamedTuple):
    """What the file says; None and empty where it says nothing."""

    keymap: dict[str, str]  # binding id → keys, separated by commas
    ascii: bool | None = None
    mouse: bool | None = None
    on_hangup: str | None = None


class Flags(NamedTuple):
    """What the command line says; None where it says nothing."""

    ascii: bool | None = None
    mouse: bool | None = None
    on_hangup: str | None = None


class Setting(NamedTuple):
    """A setting and what has set it: a flag, the file, the environment, or "default"."""

    value: bool
    source: str


class Choice(NamedTuple):
    """The same of a setting that is one of several words."""

    value: str
    source: str


ON_HANGUP = ("continue", "stop")  # what a run does when its terminal is gone; the default first
_APP = ("ascii", "mouse", "on_hangup")
FILE = "config.toml"
DEFAULT = "default"
NO_FLAGS = Flags()


def read_config(path: Path) -> Config:
    """Read the user's config.toml; empty where there is none.

    Raises:
        ConfigError: it is not TOML, or has an unknown table, setting, binding or key.
    """
    try:
        text = read_file(path).decode("utf-8")
    except FileNotFoundError:
        return Config({})
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path}: not UTF-8") from None
    # parsing and checking cost nothing where there is no file
    from lrtui.tui.keymap import checked_keymap, nearest

    try:
        tables = tomllib.loads(text)
        for table in tables:
            if table not in ("keys", "app"):
                raise ConfigError(f"unknown table '{table}'{nearest(table, ['keys', 'app'])}")
        app = _app(tables.get("app", {}))
        return app._replace(keymap=checked_keymap(tables.get("keys", {})))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _app(table: object) -> Config:
    """The `[app]` table."""
    from lrtui.tui.keymap import nearest

    if not isinstance(table, dict):
        raise ConfigError("app: expected a table, such as [app] and below it ascii = true")
    for name, value in table.items():
        if name not in _APP:
            raise ConfigError(f"[app] unknown setting '{name}'{nearest(name, _APP)}")
        if name == "on_hangup":
            if value not in ON_HANGUP:
                words = " or ".join(f'"{word}"' for word in ON_HANGUP)
                raise ConfigError(f"[app] {name}: expected {words}")
        elif not isinstance(value, bool):
            raise ConfigError(f"[app] {name}: expected true or false")
    return Config({}, **table)


def ascii_setting(
    flag: bool | None,
    config: bool | None,
    environ: Mapping[str, str] = os.environ,
    utf8_mode: bool = bool(sys.flags.utf8_mode),
) -> Setting:
    """Whether only ASCII is drawn."""
    if flag is not None:
        return Setting(flag, "--ascii" if flag else "--no-ascii")
    if config is not None:
        return Setting(config, FILE)
    variable = only_ascii(environ, utf8_mode)
    if variable:
        return Setting(True, variable)
    return Setting(False, DEFAULT)


def hangup_setting(flag: str | None, config: str | None) -> Choice:
    """What a run does when the terminal is gone."""
    if flag is not None:
        return Choice(flag, "--on-hangup")
    if config is not None:
        return Choice(config, FILE)
    return Choice(ON_HANGUP[0], DEFAULT)


def mouse_setting(flag: bool | None, config: bool | None) -> Setting:
    """Whether the app gets the mouse; the terminal's own selection does not work then."""
    if flag is not None:
        return Setting(flag, "--mouse" if flag else "--no-mouse")
    if config is not None:
        return Setting(config, FILE)
    return Setting(False, DEFAULT)
