"""What the documentation shows is run: every block of Python in order, in one namespace a page, in a folder of its own.

A block of plain statements has to run. A block with >>> is compared with what it shows (`...` stands for anything,
blanks count once). Lines of a shell block that call `ken` are run too, where the program stands beside the package:
what Python writes, the shell reads.
"""
import doctest
import linecache
import os
import pathlib
import re
import subprocess

import pytest

import ken

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["README.md", "python/README.md", "docs/PYTHON.md"]
BLOCK = re.compile(r"^```(python|sh)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

pytest.importorskip("sklearn", "1.6")
pytest.importorskip("pandas")
pytest.importorskip("polars")


def program():
    """The program `ken` of the build that made the package; None in an installed package."""
    path = pathlib.Path(ken.__file__).resolve().parents[2] / "ken"
    return path if path.is_file() and os.access(path, os.X_OK) else None


def run_statements(code, page, line, names):
    place = f"{page}:{line}"
    linecache.cache[place] = (len(code), None, code.splitlines(True), place)
    exec(compile(code, place, "exec"), names)


def run_session(code, page, line, names):
    test = doctest.DocTestParser().get_doctest(code, names, page, page, line)
    test.globs = names  # the parser copies them; the next block goes on with these
    told = []
    failed, _ = doctest.DocTestRunner(optionflags=SHOWN).run(test, out=told.append, clear_globs=False)
    assert failed == 0, "".join(told)


def run_shell(code, page, line):
    ran = program()
    lines = [text for text in code.splitlines() if re.match(r"ken(-\w+)? ", text)]
    for text in lines if ran else []:
        done = subprocess.run(["bash", "-c", f'ken() {{ "{ran}" "$@"; }}; {text}'], capture_output=True, text=True)
        assert done.returncode == 0, f"{page}:{line}: {text}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES)
def test_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text(encoding="utf-8")
    names = {"__name__": "__main__"}
    blocks = list(BLOCK.finditer(text))
    assert any(block[1] == "python" for block in blocks), f"{page} shows no Python"
    for block in blocks:
        code, line = block[2], text.count("\n", 0, block.start()) + 2
        if block[1] == "sh":
            if page.startswith("docs/"):
                run_shell(code, page, line)
        elif code.lstrip().startswith(">>>"):
            run_session(code, page, line - 1, names)
        else:
            run_statements(code, page, line, names)
