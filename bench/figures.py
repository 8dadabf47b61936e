"""Figures of docs/bench.md as SVG of our own: no script, light and dark, in the colors of the report.

Everything is drawn from plain rows; what they are and which peers count is bench.py's."""

import html
import math

WIDTH = 860
STYLE = """<style>
.b{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
.b text{font-size:12px;fill:#1d2024}.b .sub{fill:#585f69}.b .head{font-size:16px;font-weight:600}.b .name{font-weight:600}
.b .paper{fill:#fcfcfa}.b .grid{stroke:#e4e4dd;fill:none}.b .even{stroke:#585f69;stroke-dasharray:3 3;fill:none}
.b .track{stroke:#cfcfc8;stroke-width:2;fill:none}
.b .ken{fill:#2a6ebb;stroke:#2a6ebb}.b .ken2{fill:#fcfcfa;stroke:#2a6ebb;stroke-width:2}
.b .peer{fill:#a7a7a0;stroke:#a7a7a0}.b .less{fill:none;stroke:#a7a7a0;stroke-dasharray:2 2}
@media (prefers-color-scheme:dark){
.b text{fill:#e6e8eb}.b .sub{fill:#a6adb7}.b .paper{fill:#15181c}.b .grid{stroke:#2a3037}.b .even{stroke:#a6adb7}
.b .track{stroke:#3d4650}.b .ken{fill:#7fb4ee;stroke:#7fb4ee}.b .ken2{fill:#15181c;stroke:#7fb4ee}
.b .peer{fill:#7d848e;stroke:#7d848e}.b .less{stroke:#7d848e}}
</style>"""


class Drawing:
    """Elements, and how far down they reach."""

    def __init__(self, title, sub):
        self.out, self.y, self.title = [], 62, title
        self.text(16, 28, title, "head")
        self.text(16, 46, sub, "sub")

    def text(self, x, y, text, kind="", anchor="start"):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(text)}</text>')

    def line(self, x1, y1, x2, y2, kind):
        self.out.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" class="{kind}"/>')

    def bar(self, x, y, width, height, kind, tip=""):
        self.out.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" rx="2" class="{kind}">'
                        f"<title>{html.escape(tip)}</title></rect>")

    def dot(self, x, y, kind, tip):
        self.out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="{kind}"><title>{html.escape(tip)}</title></circle>')

    def svg(self):
        height = self.y + 16
        return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" class="b" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
                          f'role="img" aria-label="{html.escape(self.title)}">', STYLE,
                          f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>', *self.out, "</svg>\n"])


def log_axis(d, left, right, low, high, marks, rows, label):
    """x of a value; draws the marks over so many rows."""
    at = lambda v: left + (right - left) * (math.log(min(max(v, low), high)) - math.log(low)) / (math.log(high) - math.log(low))
    for m in marks:
        d.line(at(m), d.y + 4, at(m), d.y + 6 + rows, "even" if m == 1 else "grid")
        d.text(at(m), d.y, label(m), "sub", "middle")
    d.y += 8
    return at


def seconds(v):
    return f"{v:.3g} s" if v >= 1 else f"{1e3 * v:.3g} ms" if v >= 1e-3 else f"{1e6 * v:.3g} µs"


def times(v):
    return f"{v:.2g}×" if v < 10 else f"{v:.0f}×"


def percent(share):
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def ratios(rows, sub):
    """rows: (workload, fit ratio, its peer, predict ratio, its peer), ratios None where there is none."""
    d = Drawing("How much longer the fastest peer takes", sub)
    d.dot(586, 24, "ken", ""), d.text(596, 28, "fit, or what is measured")
    d.dot(764, 24, "ken2", ""), d.text(774, 28, "predict")
    at = log_axis(d, 150, 570, 0.05, 500, (0.1, 0.5, 1, 2, 5, 10, 50, 100, 500), 24 * len(rows), times)
    for name, fit, fit_peer, predict, predict_peer in rows:
        y = d.y + 14
        d.text(16, y + 4, name, "name")
        for value in (fit, predict):
            if value:
                d.line(at(1), y, at(value), y, "track")
        said = []
        for value, peer, kind, verb in ((fit, fit_peer, "ken", "fit"), (predict, predict_peer, "ken2", "predict")):
            if value:
                d.dot(at(value), y, kind, f"{name}, {verb}: {value:.3g} × ({peer})")
                said.append((times(value), peer))
        if len(said) == 2 and said[0][1] == said[1][1]:
            said = [(f"{said[0][0]}, {said[1][0]}", said[0][1])]
        d.text(584, y + 4, " · ".join(" ".join(each) for each in said), "sub")
        d.y += 24
    return d.svg()


def bars(title, panels, sub):
    """panels: (workload, [(system, seconds, equal quality)]); two a line, each with its own scale from 0."""
    d = Drawing(title, sub)
    d.bar(560, 18, 22, 10, "ken"), d.text(588, 28, "ken")
    d.bar(622, 18, 22, 10, "peer"), d.text(650, 28, "peer")
    d.bar(686, 18, 22, 10, "less"), d.text(714, 28, "peer of unequal quality")
    for k in range(0, len(panels), 2):
        for i, (name, systems) in enumerate(panels[k:k + 2]):
            x, y = 16 + 424 * i, d.y
            longest = max(s for _, s, _ in systems)
            d.text(x, y + 12, name, "name")
            for system, s, equal in systems:
                y += 20
                kind = "ken" if system.startswith("ken") else "peer" if equal else "less"
                d.text(x + 158, y + 12, system, "", "end")
                d.bar(x + 164, y + 2, 170 * s / longest, 12, kind, f"{name}, {system}: {s:.4g} s")
                d.text(x + 170 + max(170 * s / longest, 1), y + 12, seconds(s), "sub")
        d.y += 36 + 20 * max(len(systems) for _, systems in panels[k:k + 2])
    return d.svg()


def shares(rows, sub):
    """rows: (workload and verb, share of ken, share of the fastest peer or None, its name, what is counted)."""
    d = Drawing("What the machine could do, and how much of it is reached", sub)
    d.dot(640, 24, "ken", ""), d.text(650, 28, "ken")
    d.dot(690, 24, "peer", ""), d.text(700, 28, "fastest peer")
    at = log_axis(d, 190, 700, 0.001, 1.5, (0.001, 0.01, 0.1, 0.5, 1), 22 * len(rows), lambda v: f"{100 * v:g} %")
    for name, mine, theirs, peer, what in rows:
        y = d.y + 13
        d.text(16, y + 4, name, "name")
        if theirs:
            d.line(at(theirs), y, at(mine), y, "track")
            d.dot(at(theirs), y, "peer", f"{name}, {peer}: {theirs:.2%}")
        d.dot(at(mine), y, "ken", f"{name}, ken: {mine:.2%}")
        d.text(716, y + 4, f"{percent(mine)} of {what}", "sub")
        d.y += 22
    return d.svg()
