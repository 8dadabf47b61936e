"""Figures and reports: what the library draws, as notebooks and pages show it."""

from __future__ import annotations

import copy
import json
import os
import textwrap
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from ken import _html, _ken

MIME = "application/vnd.vegalite.v5+json"
_SCRIPTS = ("https://cdn.jsdelivr.net/npm/vega@5", "https://cdn.jsdelivr.net/npm/vega-lite@5",
            "https://cdn.jsdelivr.net/npm/vega-embed@6")
_SHOWN_ROWS = 20

# Draws a figure in the element before it. Scripts come from a server only where the page has none of them; a page with
# require.js must not take them for modules.
_DRAW = """<script>
(function () {
  var spec = %(spec)s, place = document.getElementById("%(id)s"), urls = %(urls)s;
  function draw() { window.vegaEmbed(place, spec, {actions: false, renderer: "svg"}); }
  function load(i) {
    if (i === urls.length) { draw(); return; }
    var held = window.define, script = document.createElement("script");
    window.define = undefined;
    script.src = urls[i];
    script.onload = function () { window.define = held; load(i + 1); };
    script.onerror = function () { window.define = held; };
    document.head.appendChild(script);
  }
  if (window.vegaEmbed) { draw(); } else { load(0); }
})();
</script>"""


def write_whole(path: Union[str, "os.PathLike[str]"], text: str) -> None:
    """The file is there with all of the text, or as it was before."""
    import tempfile

    folder = os.path.dirname(os.path.abspath(os.fspath(path)))
    handle, temporary = tempfile.mkstemp(prefix=".ken-", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _in_script(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class Figure:
    """One figure: a Vega-Lite specification with its title and caption.

    It shows itself in notebooks. `spec` is what the report uses (it takes its colors and its width from the page);
    `to_dict()` is a specification that stands alone, for `altair.Chart.from_dict` and the like.
    """

    def __init__(self, name: str, title: str, caption: str, spec: Dict[str, Any], height: int = 260) -> None:
        self.name = name
        self.title = title
        self.caption = caption
        self.spec = spec
        self.height = height

    def to_dict(self) -> Dict[str, Any]:
        """The specification with a size and a look of its own."""
        spec = copy.deepcopy(self.spec)
        if spec.get("width") == "container":
            spec["width"] = 560
        if spec.get("height") == "container":
            spec["height"] = self.height
        spec.setdefault("config", json.loads(_ken.figure_look()))
        return spec

    def to_json(self) -> str:
        """`to_dict()` as text."""
        return json.dumps(self.to_dict())

    def to_html(self, embed: bool = False) -> str:
        """The figure as a piece of HTML. embed: with the scripts that draw it (about 900 kB), so that no server is asked."""
        import uuid

        place = f"ken-{uuid.uuid4().hex}"
        scripts = _ken.figure_scripts() if embed else ()
        draw = _DRAW % {"spec": _in_script(self.to_dict()), "id": place, "urls": json.dumps([] if scripts else _SCRIPTS)}
        head = "".join(f"<script>{text.decode().replace('</script', '<' + chr(92) + '/script')}</script>" for text in scripts)
        caption = _html.note(self.caption) if self.caption else ""
        return (f'{head}<div style="font-weight:600">{_html.escape(self.title)}</div>'
                f'<div id="{place}">{self._numbers()}</div>{caption}{draw}')

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes a `.json` (the specification) or a `.html` (a page that asks no server for anything)."""
        text = os.fspath(path)
        if text.endswith(".json"):
            write_whole(path, self.to_json())
        elif text.endswith((".html", ".htm")):
            page = self.to_html(embed=True)
            write_whole(path, f"<!doctype html><meta charset='utf-8'><title>{_html.escape(self.title)}</title>{page}")
        else:
            raise ValueError(f"'{text}' ends neither with .json nor with .html")

    def _numbers(self) -> str:
        """The first rows of its data: what is seen where nothing draws."""
        values = self.spec.get("data", {}).get("values", []) if isinstance(self.spec.get("data"), dict) else []
        rows = [row for row in values[:_SHOWN_ROWS] if isinstance(row, dict)]
        if not rows:
            return ""
        head = list(rows[0])
        more = f"<div>and {len(values) - len(rows)} more</div>" if len(values) > len(rows) else ""
        return _html.table(head, [[row.get(key, "") for key in head] for row in rows]) + more

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Dict[str, Any]:
        """Vega-Lite, and HTML for what has no Vega-Lite (nbconvert). It goes as Markdown, which may hold it: JupyterLab
        would take text/html before Vega-Lite, without its scripts."""
        spec = self.to_dict()
        spec.setdefault("title", {"text": self.title, "subtitle": textwrap.wrap(self.caption, 90), "anchor": "start",
                                  "color": "#888", "subtitleColor": "#888", "subtitlePadding": 4, "offset": 10})
        return {MIME: spec, "text/markdown": self.to_html(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Figure {self.name}: {self.title}>"


class Figures(Mapping[str, Figure]):
    """Figures by name, in the order of the report; `figures["roc"]` or `figures.roc`."""

    def __init__(self, figures: Dict[str, Figure]) -> None:
        self._figures = figures

    @classmethod
    def from_json(cls, text: str) -> "Figures":
        """Out of what the library wrote."""
        return cls.of(json.loads(text))

    @classmethod
    def of(cls, facts: Dict[str, Any]) -> "Figures":
        """The same, after it was read."""
        return cls({name: Figure(name, f["title"], f.get("caption", ""), f["spec"], f.get("height", 260))
                    for name, f in facts.items()})

    def __getitem__(self, name: str) -> Figure:
        try:
            return self._figures[name]
        except KeyError:
            raise KeyError(f"there is no figure '{name}'; there are {', '.join(self._figures)}") from None

    def __getattr__(self, name: str) -> Figure:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._figures[name]
        except KeyError:
            raise AttributeError(f"there is no figure '{name}'; there are {', '.join(self._figures)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def __dir__(self) -> List[str]:
        return [*super().__dir__(), *(name for name in self._figures if name.isidentifier())]

    def __repr__(self) -> str:
        return f"<Figures: {', '.join(self._figures)}>"

    def _repr_html_(self) -> str:
        return _html.table(["figure", "shows"], [[name, f.title] for name, f in self._figures.items()])


class Report:
    """A page of HTML that tells what a table holds and what a model does with it. It shows itself in notebooks."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the page: whole, or not at all."""
        write_whole(path, self.html)

    def _repr_html_(self) -> str:
        return (f'<iframe srcdoc="{_html.escape(self.html)}" sandbox="allow-scripts" title="report" '
                'style="width:100%;height:720px;border:1px solid #8884"></iframe>')

    def __repr__(self) -> str:
        return f"<Report of {len(self.html):,} characters; save(path) writes it>"
