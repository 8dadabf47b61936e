"""The notebook of the examples runs from top to bottom in a kernel of its own, and shows what it says it shows."""
import json
import os
import pathlib
import sys

import pytest

import ken

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("pandas")
pytest.importorskip("sklearn", "1.6")

NOTEBOOK = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python.ipynb"
VEGA_LITE = "application/vnd.vegalite.v5+json"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook after its run, also written to KEN_PYTHON_NOTEBOOK, where somebody wants to look at it."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(pathlib.Path(ken.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        KernelSpecManager().get_kernel_spec("python3").argv[0] = sys.executable
    except NoSuchKernel:
        pytest.skip("no kernel python3")
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    if os.environ.get("KEN_PYTHON_NOTEBOOK"):
        nbformat.write(notebook, os.environ["KEN_PYTHON_NOTEBOOK"])
    return notebook


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_notebook_is_stored_without_outputs():
    stored = nbformat.read(NOTEBOOK, as_version=4)
    assert outputs(stored) == []


def test_notebook_says_nothing_on_stderr(executed):
    assert [output.text for output in outputs(executed) if output.output_type == "stream" and output.name == "stderr"] == []


def test_figures_are_vega_lite_with_a_page_to_fall_back_to(executed):
    asked = [cell for cell in executed.cells if cell.cell_type == "code" and "figures[" in cell.source]
    assert len(asked) >= 4
    for cell in asked:
        data = cell.outputs[-1].data
        spec = data[VEGA_LITE]
        assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v5"), cell.source
        assert json.dumps(spec).count("NaN") == 0
        assert "text/html" not in data, "JupyterLab would take it before Vega-Lite"
        assert "<script>" in data["text/markdown"] and "\n\n" not in data["text/markdown"], "Markdown ends HTML at a blank line"


def test_objects_show_themselves_as_html(executed):
    for word in ("ken.describe", "ken.train(", ".explain()", "row=0", "BoostingClassifier(trees=100).fit"):
        cell = next(cell for cell in executed.cells if cell.cell_type == "code" and word in cell.source)
        assert "text/html" in cell.outputs[-1].data, word


def test_model_is_the_same_after_the_file(executed):
    assert executed.cells[-1].outputs[-1].data["text/plain"] in ("True", "np.True_")
