"""The style of a picture for a paper: its fonts and sizes, whatever the user's own settings are."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TEXT, SMALL, SMALLEST = 7, 6, 4.5  # points
_OTHER_SCRIPTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Noto Sans",
)  # fmt: skip

_STYLE = {
    "pdf.fonttype": 42,  # TrueType: publishers refuse type 3
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "font.size": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "text.usetex": False,
    "path.simplify": True,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": TEXT,
    "legend.borderpad": 0.1,
    "legend.columnspacing": 1.2,
    "legend.handlelength": 1.6,
    "legend.labelspacing": 0.3,
}


@contextmanager
def styled(run_id: str) -> Iterator[None]:
    """Our style, so that the picture is the same whatever the user's matplotlibrc says."""
    import matplotlib as mpl

    style: Any = {**_STYLE, "font.family": _fonts(), "svg.hashsalt": run_id}
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # no font has it: a box is drawn
        mpl.rcdefaults()
        mpl.rcParams.update(style)
        yield


def _fonts() -> list[str]:
    """The font that comes with matplotlib; after it what has other scripts, where there is one."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return ["DejaVu Sans", *(name for name in _OTHER_SCRIPTS if name in installed)]
