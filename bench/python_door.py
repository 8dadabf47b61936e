#!/usr/bin/env python3
"""What the Python door costs beside the library: python3 bench/python_door.py [--package DIR] [--bench FILE] [--data DIR] [--pairs N].

Prints a table: seconds of `import ken` beyond NumPy's; microseconds of one row through an estimator; fits of a million
rows of 28 columns by `BoostingClassifier` beside the same fit in C (ken_bench, workload gbdt-higgs), one after the other in
turn, with the memory that each took beyond its data; how long a fit goes on after Ctrl-C.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

IMPORTS = "import time\nt = time.perf_counter()\nimport numpy\nu = time.perf_counter()\nimport ken\nprint(u - t, time.perf_counter() - u)"

ONE_ROW = """
import timeit
import numpy as np
from ken.boosting import BoostingClassifier
from ken.linear import Linear, Logistic, Ridge
rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 28))
y = X[:, 0] + rng.normal(size=2000)
for name, model, target in (("Ridge", Ridge(), y), ("Linear", Linear(), y), ("Logistic", Logistic(), y > 0),
                            ("Boosting, 100 trees", BoostingClassifier(trees=100, linear_leaves=False), y > 0)):
    model.fit(X, target)
    row = X[:1]
    print(name, min(timeit.repeat(lambda: model.predict(row), number=5000, repeat=7)) / 5000 * 1e6, sep="\\t")
"""

FIT = """
import json, os, sys, time
import numpy as np
from ken.boosting import BoostingClassifier
X = np.load(sys.argv[1] + "/higgs_x.npy")[:1000000]
y = np.load(sys.argv[1] + "/higgs_y.npy")[:1000000]
def mib(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return int(line.split()[1]) / 1024
settings = dict(item.split("=") for item in sys.argv[2].split())
rows = BoostingClassifier._rows
number = {"integer": int, "number": float}
settings = {k: number.get(rows[k].split()[0], str)(v) for k, v in settings.items()}
model = BoostingClassifier(n_jobs=int(sys.argv[3]), **settings)
model.fit(X[:100], y[:100])
before = mib("VmRSS")
wall, cpu = time.perf_counter(), time.process_time()
model.fit(X, y)
print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "mib": mib("VmHWM") - before}))
"""

CTRL_C = """
import os, signal, threading, time
import numpy as np
from ken.boosting import BoostingRegressor
from ken.tree import ForestRegressor
rng = np.random.default_rng(0)
X = rng.normal(size=(150000, 20))
y = X[:, 0] * X[:, 1] + rng.normal(size=150000)
for name, model in (("boosting", BoostingRegressor(trees=2000)), ("forest", ForestRegressor(trees=2000))):
    for k in range(16):
        sent = []
        def send():
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)
        timer = threading.Timer(0.1 + 0.037 * k, send)
        timer.start()
        try:
            model.fit(X, y)
        except KeyboardInterrupt:
            print(name, time.perf_counter() - sent[0], sep="\\t")
        timer.join()
"""


def settings_in_c() -> str:
    """The parameters of workload gbdt-higgs, as ken_bench has them."""
    define = re.search(r"#define GBDT\(leaves\)((?:.*\\\n)*.*)", (ROOT / "bench/ken_bench.c").read_text())
    return "".join(re.findall(r'"([^"]*)"', define.group(1))) + "255"


def python(args: argparse.Namespace, code: str, *rest: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(args.package)}
    return subprocess.run([sys.executable, "-c", code, *rest], env=env, check=True, capture_output=True, text=True).stdout


def fit_in_c(args: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.run([args.bench, "gbdt-higgs", args.data, str(args.threads), out], check=True, capture_output=True,
                             text=True)
    found = json.loads(run.stdout)
    return {"wall": found["seconds"]["fit"], "mib": found["rss_mib"] - found["rss_before_mib"]}


def spread(values: list, form: str = "{:.3g}") -> str:
    return f"{form.format(statistics.median(values))} ({form.format(min(values))} to {form.format(max(values))})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--package", default=ROOT / "build/release/python", type=pathlib.Path)
    parser.add_argument("--bench", default=str(ROOT / "build/release/ken_bench"))
    parser.add_argument("--data", default=str(ROOT / "build/bench-data"))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    times = [[float(x) for x in python(args, IMPORTS).split()] for _ in range(11)]
    print(f"import ken beyond NumPy   {spread([1e3 * t[1] for t in times])} ms (NumPy {spread([1e3 * t[0] for t in times])} ms)")
    for line in python(args, ONE_ROW).splitlines():
        name, us = line.split("\t")
        print(f"one row, {name:<22}{float(us):.2f} us")
    stops: dict[str, list[float]] = {}
    for line in python(args, CTRL_C).splitlines():
        name, seconds = line.split("\t")
        stops.setdefault(name, []).append(1e3 * float(seconds))
    for name, ms in stops.items():
        print(f"Ctrl-C, {name:<18}{spread(ms)} ms")
    if not os.path.exists(args.bench) or not os.path.exists(args.data + "/higgs_x.npy"):
        print(f"fits: left out, for want of {args.bench} or of the data in {args.data} (bench/run makes both)")
        return
    runs: dict[str, list[dict]] = {"C": [], "Python": []}
    for _ in range(args.pairs):
        runs["C"].append(fit_in_c(args))
        runs["Python"].append(json.loads(python(args, FIT, args.data, settings_in_c(), str(args.threads))))
    wall = {where: [run["wall"] for run in of] for where, of in runs.items()}
    for where, of in runs.items():
        print(f"fit in {where:<19}{spread(wall[where])} s, {spread([run['mib'] for run in of], '{:.0f}')} MiB beyond the data")
    print(f"Python / C                {statistics.median(wall['Python']) / statistics.median(wall['C']):.3f} by medians, "
          f"{min(wall['Python']) / min(wall['C']):.3f} by the best")


if __name__ == "__main__":
    main()
