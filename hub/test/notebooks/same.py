"""same.py KERNEL build/hub [NOTEBOOK...]: every lesson's notebook, executed by nbclient, shows what the lesson's page shows.

A cell's records must be those of site/<lesson>/cells.json, and its KEN_PRINTs its standard output. Each notebook runs
twice: as it is written (the tests of an exercise report that the starter fails, and the run goes on), and with the
solutions in place of the starters (every test passes). The last line counts.
"""
import json, pathlib, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tests/kernel"))
from driver import Kernel  # the kernelspec of a kernel that is not installed

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

HINT = "\n    if only last digits differ: tcc rounds operations on literals twice; mark the lesson's cell `fast`"
RECORD = "application/vnd.ken.show+json"
VEGA = "application/vnd.vegalite.v5+json"
CELL_LIMIT = 120  # seconds, for a loaded machine


def canonical(record):
    """Both sides come from the library's writer, whose numbers are the shortest that read back: equal values are equal bytes."""
    return json.dumps(record, ensure_ascii=False)


def shown(cell):
    """What an executed cell shows: records, standard output, the error's name."""
    records, printed, error = [], "", None
    for output in cell.outputs:
        if output.output_type == "stream":
            printed += output.text if output.name == "stdout" else ""
        elif output.output_type == "error":
            error = f"{output.ename}: {output.evalue}"
        else:
            record = output.data[RECORD]
            records.append(canonical(record))
            if record["type"] == "figure" and VEGA not in output.data:
                error = "a figure that a notebook cannot draw"
    return records, printed, error


def expected(lines):
    records = [json.loads(line) for line in lines]
    return ([canonical(r) for r in records if r["type"] != "print"],
            "".join(r["value"] for r in records if r["type"] == "print"), None)


def difference(got, want):
    """The first of the places where they differ, in one line a side."""
    if got[2] != want[2]:
        return f"it fails: {got[2]}"
    for a, b in zip(got[0] + ["nothing"] * len(want[0]), want[0] + ["nothing"] * len(got[0])):
        if a != b:
            return f"notebook {a[:400]}\n    page     {b[:400]}"
    return f"notebook prints {got[1]!r}\n    page     prints {want[1]!r}"


def with_solutions(notebook):
    """The starters replaced by the solutions that the notebook itself carries, folded, in Markdown."""
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    solutions = {c.metadata.ken.exercise: c.source.split("```c\n", 1)[1].rsplit("\n```", 1)[0]
                 for c in copy.cells if c.metadata.get("ken", {}).get("role") == "solution"}
    for cell in copy.cells:
        if cell.metadata.get("ken", {}).get("role") == "starter":
            cell.source = solutions[cell.metadata.ken.exercise]
    return copy


def execute(kernel, notebook):
    manager = AsyncKernelManager(kernel_name="ken", kernel_spec_manager=kernel.manager.kernel_spec_manager)
    NotebookClient(notebook, timeout=CELL_LIMIT, km=manager, allow_errors=True).execute()
    nbformat.validate(notebook)


def compare(notebook, cells, solved):
    """Problems of one executed notebook, and how many cells were compared."""
    problems, seen = [], set()
    for cell in notebook.cells:
        ken = cell.metadata.get("ken", {})
        if cell.cell_type != "code":
            continue
        got = shown(cell)
        if "cell" in ken:
            seen.add(ken.cell)
            want = expected(cells.get(ken.cell, []))
            if got != want:
                problems.append(f"the cell \"{ken.cell}\": {difference(got, want)}{HINT if got[2] is None else ''}")
        elif ken.get("role") == "tests":
            name = ken.exercise
            if "raises-exception" not in cell.metadata.get("tags", []):
                problems.append(f"the tests of \"{name}\" would stop a run: they lack the tag raises-exception")
            if solved and got[2]:
                problems.append(f"the solution of \"{name}\" fails: {got[2]}")
            elif not solved and not got[2]:
                problems.append(f"the starter of \"{name}\" passes its tests")
            elif not solved and not got[2].startswith("CheckFailed"):
                problems.append(f"the starter of \"{name}\" does not fail by an expectation: {got[2]}")
        elif got[2]:
            problems.append(f"the {ken.get('role', 'cell')} of \"{ken.get('exercise', '?')}\" fails: {got[2]}")
    problems += [f"the cell \"{name}\" of the page is not in the notebook" for name in cells if name not in seen]
    return problems, len(seen)


def check(kernel, file, site):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    problems = []
    if any(c.get("outputs") for c in notebook.cells):
        problems.append("it carries outputs")
    cells = json.loads((site / file.stem / "cells.json").read_text())
    solved = with_solutions(notebook)
    has_exercises = any(c.metadata.get("ken", {}).get("role") == "solution" for c in notebook.cells)
    n = 0
    for run, is_solved in [(notebook, False)] + ([(solved, True)] if has_exercises else []):
        execute(kernel, run)
        found, n = compare(run, cells, is_solved)
        problems += [p for p in found if p not in problems]
    return problems, n


def main(program, hub, *chosen):
    hub = pathlib.Path(hub).resolve()
    files = [pathlib.Path(f) for f in chosen] or sorted((hub / "notebooks").glob("*.ipynb"))
    kernel = Kernel(program)
    passed = failed = 0
    try:
        for file in files:
            start = time.monotonic()
            problems, n = check(kernel, file, hub / "site")
            print(f"  {file.stem:26} {time.monotonic() - start:6.1f} s  {n} cells  {'FAILED' if problems else 'ok'}", flush=True)
            for problem in problems:
                print(f"    {problem}")
            passed, failed = passed + (not problems), failed + bool(problems)
    finally:
        kernel.close()
    print(f"{passed} notebooks show what their pages show, {failed} do not")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
