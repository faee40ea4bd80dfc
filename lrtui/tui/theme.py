"""The theme: the terminal's own colours, so it fits dark and light, 16 colours and none."""

from textual.theme import Theme

NORMAL_WIDTH = 92  # columns from which the answer stands beside the chart instead of below it
WIDTHS = [(0, "-narrow"), (NORMAL_WIDTH, "-normal"), (140, "-wide")]  # of the run screen
HEIGHTS = [(0, "-low"), (24, "-high"), (36, "-tall")]

# accent: what the person moves; success: the suggestion; secondary: the metric; everything else is
# the terminal's default colour, plain or dim.
LRTUI = Theme(
    name="lrtui",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_magenta",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_magenta",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "bold",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_bright_black",
        "scrollbar-active": "ansi_bright_black",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "footer-key-foreground": "ansi_magenta",
        "button-foreground": "ansi_default",
    },
)
