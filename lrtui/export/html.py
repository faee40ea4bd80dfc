"""A record as one HTML page that works offline: its style, picture, data and record are inside.

Every text of the record is escaped, and a content security policy lets the page load nothing.
"""

import json
from collections.abc import Iterator
from html import escape
from string import Template

import numpy as np

from lrtui.export.content import (
    Content,
    ExportError,
    answer_lines,
    ending_line,
    fact_rows,
    origin,
    printable,
)
from lrtui.export.drawing import Drawing, drawing_of
from lrtui.export.svg import LEFT, RIGHT, WIDTH, curve_frame, svg_of
from lrtui.report import failure as failed
from lrtui.report import race

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="$origin">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<h1>$title</h1>
<p class="$kind">$answer</p>
$chart
$rest
<footer>$origin</footer>
</body>
</html>
""")

_STYLE = """\
:root { color-scheme: light dark; --ink: #1c1c1c; --quiet: #6b6b6b; --page: #ffffff;
  --grid: #e4e4e4; --trend: #0072b2; --answer: #009e73; --bound: #d55e00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --quiet: #9a9a9a; --page: #16181c; --grid: #2c3036;
    --trend: #56b4e9; --answer: #2fc59a; --bound: #f0883e; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 940px; margin: 2em auto; padding: 0 1em; overflow-wrap: anywhere; }
h1 { font-size: 1.3em; } h2 { font-size: 1.05em; margin-top: 1.6em; }
p.answer, p.refused { font-size: 1.3em; font-weight: 600; }
p.answer { color: var(--answer); } p.refused { color: var(--bound); }
svg { width: 100%; height: auto; font-size: 12px; }
@media (max-width: 600px) { svg { font-size: 17px; } }
svg text { fill: var(--quiet); } .x, text.answer, .blown { text-anchor: middle; }
.y { text-anchor: end; } .grid { stroke: var(--grid); } .cross { stroke: var(--quiet); }
.batches { stroke: var(--quiet); stroke-width: 2.8; stroke-linecap: round; opacity: .7; }
.trend { fill: none; stroke: var(--trend); stroke-width: 2.2; }
.band { fill: var(--trend); opacity: .22; } .interval { fill: var(--answer); opacity: .15; }
line.answer { stroke: var(--answer); stroke-width: 1.8; } svg text.answer { fill: var(--answer); }
.bound { stroke: var(--bound); stroke-dasharray: 6 4; } svg text.blown { fill: var(--bound); }
circle { fill: var(--trend); } circle.pick, circle.as-good { fill: var(--answer); }
table { border-collapse: collapse; } td, th { padding: .15em 1em .15em 0; text-align: left; }
th { font-weight: normal; color: var(--quiet); white-space: nowrap; vertical-align: top; }
.number { font-variant-numeric: tabular-nums; }
pre { overflow: auto; padding: .8em; border: 1px solid var(--grid); }
.reading, .key, footer { color: var(--quiet); } footer { margin-top: 2.5em; font-size: .85em; }
.key b { font-weight: 600; } .key b.t { color: var(--trend); } .key b.a { color: var(--answer); }
.key b.b { color: var(--bound); }
"""

# shows rate and loss under the pointer; without scripts the page has everything else
_SCRIPT = """\
const data = JSON.parse(document.getElementById("trend").textContent);
const chart = document.getElementById("chart"), cross = document.getElementById("cross");
const reading = document.getElementById("reading");
reading.textContent = "point at the curve to read it";
chart.addEventListener("pointermove", (event) => {
  const box = chart.getBoundingClientRect();
  const x = (event.clientX - box.left) / box.width * data.width;
  let best = 0;
  data.x.forEach((other, i) => { if (Math.abs(other - x) < Math.abs(data.x[best] - x)) best = i; });
  if (!data.x.length) return;
  cross.setAttribute("visibility", "visible");
  for (const end of ["x1", "x2"]) cross.setAttribute(end, data.x[best]);
  cross.setAttribute("y1", data.top); cross.setAttribute("y2", data.bottom);
  const loss = data.loss[best].toPrecision(4);
  reading.textContent = `lr ${data.lr[best].toExponential(2)} · trend ${loss}`;
});
"""


def html_of(content: Content) -> str:
    """The page."""
    lines = list(answer_lines(content))
    return _PAGE.substitute(
        policy=_POLICY,
        title=_text(content.title),
        origin=_text(origin(content.record)),
        style=_STYLE,
        kind="refused" if content.lr is None else "answer",
        answer=_text(lines[0]),
        chart=_chart(content),
        rest="\n".join(_sections(content, lines[1:])),
    )


def _text(text: str) -> str:
    return escape(printable(text))


def _chart(content: Content) -> str:
    try:
        drawing = drawing_of(content)
    except ExportError as error:
        return f"<p>{_text(str(error))}</p>"
    return "\n".join(
        [
            svg_of(content, drawing),
            '<p class="reading" id="reading"></p>',
            f'<p class="key">{" · ".join(_key(content, drawing))}</p>',
            f'<script type="application/json" id="trend">{_data(drawing)}</script>',
            f"<script>\n{_SCRIPT}</script>",
        ]
    )


def _key(content: Content, drawing: Drawing) -> Iterator[str]:
    """What the marks of the picture mean, of those that are in it."""
    yield "dots: batches"
    yield '<b class="t">line: their trend</b>'
    if drawing.band is not None:
        yield f'<b class="t">band: trends of {len(drawing.batches)} repeats</b>'
    if content.lr is not None:
        yield '<b class="a">green: the rate and its interval</b>'
    if content.bounds is not None:
        start, end = content.bounds.start_lr, content.bounds.end_lr
        yield f'<b class="b">dashed: boundaries {start:.1e} and {end:.1e}</b>'
    if content.standings:
        yield f"below: {_text(content.judged_by)} of the trials"
        yield '<b class="a">green: the pick, and what is as good</b>'


def _data(drawing: Drawing) -> str:
    """The trend as numbers, for what the pointer reads."""
    frame, trend = curve_frame(drawing), drawing.trend
    finite = np.isfinite(trend.value)
    lr, value = trend.lr[finite], trend.value[finite]
    return json.dumps(
        {
            "width": WIDTH,
            "left": LEFT,
            "right": RIGHT,
            "top": frame.top,
            "bottom": frame.bottom,
            "x": [round(float(x), 1) for x in frame.at_x(lr)],
            "lr": lr.tolist(),
            "loss": value.tolist(),
        }
    )


def _sections(content: Content, lines: list[str]) -> Iterator[str]:
    record = content.record
    yield "".join(f"<p>{_text(line)}</p>" for line in lines)
    yield f"<p>{_text(ending_line(record))}</p>"
    failure = record.failure
    if failure:
        text = "\n".join(map(printable, failed.lines(failure.where, failure.output)))
        yield f"<pre>{escape(text)}</pre>"
    for name, code in content.code.items():
        yield f"<h2>{_text(name)}</h2><pre>{escape(code)}</pre>"
    measured = list(race.lines(record.measured, content.lr))
    if measured:
        yield f"<h2>Checks</h2><pre>{escape(chr(10).join(map(printable, measured)))}</pre>"
    yield f"<h2>What was run</h2>{_table(list(fact_rows(record)))}"
    if record.suggestions:
        rows = [(name, _rate(lr)) for name, lr in record.suggestions.items()]
        yield f"<h2>Published rules</h2>{_table(rows)}"
    if record.notices:
        items = "".join(f"<li>{_text(notice)}</li>" for notice in record.notices)
        yield f"<h2>Notices</h2><ul>{items}</ul>"


def _table(rows: list[tuple[str, str]]) -> str:
    cells = []
    for label, text in rows:
        cells.append(f'<tr><th>{_text(label)}</th><td class="number">{_text(text)}</td></tr>')
    return f"<table>{''.join(cells)}</table>"


def _rate(lr: float | None) -> str:
    return "–" if lr is None else f"{lr:.1e}"
