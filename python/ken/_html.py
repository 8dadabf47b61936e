"""HTML for notebooks: small pieces that look right on white and on black."""

from __future__ import annotations

import html
import math
from typing import Any, Iterable, Sequence

BLUE = "#3b7dd8"
_STYLE = "border-collapse:collapse;font-size:0.95em"


def escape(text: Any) -> str:
    return html.escape(str(text), quote=True)


def number(value: Any) -> str:
    """Four digits, as a person reads them; an empty text for NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (int, float)) and float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def seconds(value: float) -> str:
    if value != value:
        return ""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def bar(share: float, color: str = BLUE) -> str:
    """A bar of that share of its cell."""
    width = 0.0 if share != share else max(0.0, min(1.0, share)) * 100
    return (f'<div style="width:8em;height:0.7em;background:#8882;display:inline-block">'
            f'<div style="width:{width:.1f}%;height:100%;background:{color}"></div></div>')


def raw(text: str) -> "Raw":
    return Raw(text)


class Raw(str):
    """HTML that is HTML already."""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; numbers to the right."""
    def cell(value: Any, tag: str = "td") -> str:
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
        text = value if isinstance(value, Raw) else escape(number(value) if right else value)
        return f'<{tag} style="text-align:{"right" if right else "left"};padding:0.15em 0.8em 0.15em 0">{text}</{tag}>'

    body = "".join("<tr>" + "".join(cell(value) for value in row) + "</tr>" for row in rows)
    top = "".join(cell(title, "th") for title in head)
    return f'<table style="{_STYLE}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def box(title: str, *parts: str) -> str:
    """A titled block."""
    return f'<div style="margin:0.5em 0"><div style="font-weight:600">{title}</div>{"".join(parts)}</div>'


def note(text: str) -> str:
    return f'<div style="opacity:0.7">{escape(text)}</div>'
