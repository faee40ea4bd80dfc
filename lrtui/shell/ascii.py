"""ASCII for terminals that cannot show more: every glyph of ours has an ASCII one of its width."""

import codecs
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

_ALIKE = {
    "|": "│┃┆┇┊┋╎╏║▏▕▌▐",
    "-": "─━┄┅┈┉╌╍═–—−▔",
    "+": "┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╭╮╰╯╔╗╚╝╠╣╦╩╬┍┎┑┒┕┖┙┚┝┞┟┠┡┢┥┦┧┨┩┪┭┮┯┰┱┲┵┶┷┸┹┺┽┾┿±",
    "'": "╵╹’‘▘▝",
    ",": "╷╻",
    '"': "“”▀",
    "<": "←‹«≤◀◂",
    ">": "→›»≥▶▸",
    "^": "↑▴",
    "v": "↓▼▽▾✓✔√",
    "*": "●•★✱",
    "o": "○◯☐°",
    "c": "◐◑◒◓",
    "x": "×✕✗✘✖☒",
    "#": "█▓▇▆■",
    "=": "▅▄◇",
    "_": "▁▂▃␣",
    ":": "░▒¦",
    "/": "÷╱▲",
    "\\": "╲",
    ".": "·∙◌",
    "~": "≈⏎↵△…",
    "%": "✂◆",
    "&": "□",
    "L": "λ",
    "b": "β",
    "p": "π",
    "r": "ρ",
    "S": "Σ",
    "u": "µμ",
    "2": "²",
}
_TABLE = {ord(glyph): ascii for ascii, glyphs in _ALIKE.items() for glyph in glyphs}
_BRAILLE = range(0x2800, 0x2900)
_LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set decides


@lru_cache(4096)
def ascii_text(text: str) -> str:
    """The text in ASCII, as wide as it was."""
    if text.isascii():
        return text
    return "".join(_ascii(letter) for letter in text)


def _ascii(letter: str) -> str:
    if letter.isascii():
        return letter
    code = ord(letter)
    if code in _TABLE:
        return _TABLE[code]
    if code in _BRAILLE:
        return _dots(code - _BRAILLE.start)
    from rich.cells import cell_len  # imported late: a command that writes only ASCII needs it not

    width = cell_len(letter)
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    if plain.isprintable() and len(plain) == width:
        return plain
    return "?" * width


def _dots(bits: int) -> str:
    """A cell of a braille raster: its dots stand in four rows, 1 to 4 from above."""
    if not bits:
        return " "
    above, below = bits & 0b00011011, bits & 0b11100100
    if above and below:
        return ":"
    return "'" if above else "."


def only_ascii(environ: Mapping[str, str], utf8_mode: bool) -> str:
    """The environment variable that says that the terminal shows only ASCII; "" where none does.

    A locale that nothing sets says nothing: in containers that is usual, and their terminals know
    UTF-8.

    Args:
        environ: the environment variables.
        utf8_mode: as `sys.flags.utf8_mode`: on where the locale is C.
    """
    if environ.get("TERM") == "linux":
        return "TERM=linux"  # the console's fonts have 512 glyphs at most, and no braille
    for name in _LOCALES:
        value = environ.get(name, "")
        if name == "LC_CTYPE" and value == "C.UTF-8" and utf8_mode:
            continue  # Python has set it
        if value:
            return "" if _is_utf8(value) else f"{name}={value}"
    return ""


def _is_utf8(locale: str) -> bool:
    return locale.lower().replace("-", "").partition("@")[0].endswith("utf8")


def is_utf8(encoding: str) -> bool:
    """Whether an encoding, by any of its names, is UTF-8."""
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False
