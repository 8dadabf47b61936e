"""The package as it is installed."""
import pathlib
import re

import ken

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_version_is_the_library_s():
    text = (ROOT / "CMakeLists.txt").read_text()
    assert ken.__version__ == re.search(r"project\(ken VERSION ([0-9.]+)", text)[1]


def test_package_is_typed():
    assert (pathlib.Path(ken.__file__).parent / "py.typed").exists()
