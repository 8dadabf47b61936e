"""ken beside its peers, in one run on one machine: time, memory, quality.

    bench/run [WORKLOAD ...] [--threads 2,1] [--repeat 3]        (make bench: all workloads)
    bench/run --table                                            (docs/bench.md and its figures again from results.csv)

The peers are the scripts of ../shared/bench, run as they are, one case and one run at a time, and peers.py for rows that those lack;
ken is ken_bench.c, measured by the same definitions; the machine's peaks are limits.c. Runs alternate: ken, peer, peer, ..., ken, peer, ...; a peer whose first run takes more than twice the best peer's
is not repeated. Every run is appended to results.csv, one line a system; docs/bench.md shows the latest of each machine.
"""

import argparse
import contextlib
import csv
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import figures

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SHARED = ROOT.parent / "shared" / "bench"
RESULTS = HERE / "results.csv"
PAGE = ROOT / "docs" / "bench.md"
CLEAN = 0.05  # a run is clean if its threads waited for a CPU less than this share of the timed seconds
SLOW = 2  # a peer whose first run takes so many times the best peer's is not repeated


@dataclass
class Workload:
    """One row of the bench: the peers' script and cases, and the figure that must be equal before a speed counts."""

    name: str
    script: str  # of the shared folder, or of this one
    peers: list
    quality: str  # name of the figure
    tolerance: float  # absolute, or relative where `relative`
    higher: bool = True
    relative: bool = False
    needs: str = ""  # a file of the data
    case: str = ""  # the name in the peers' script, where it differs
    note: str = ""


GBDT = "100 trees, rate 0.1, 255 leaves, 255 bins"
WORKLOADS = [
    Workload("csv", "text.py", ["polars", "pyarrow", "pandas-pyarrow", "pandas-c"], "rows", 0, needs="mixed.csv",
             note="mixed.csv whole (340 MB, 2.6M rows, 13 columns), types inferred, warm page cache"),
    Workload("csv-pipe", "text.py", ["polars", "pyarrow", "pandas-pyarrow", "pandas-c"], "rows", 0, needs="pipe.csv", case="csv",
             note="pipe.csv whole (100 MB, 1M rows, 12 columns, 5 % of the numbers missing), as csv"),
    Workload("pipeline", "text.py", ["sklearn"], "columns", 0, needs="pipe.csv",
             note="median imputer and standard scaler on 8 numbers, one-hot on 4 words; fit, then transform of 1M rows in memory"),
    Workload("gbdt-higgs", "gbdt.py", ["lightgbm", "xgboost", "sklearn-hist", "catboost"], "auc", 0.001, needs="higgs_x.npy",
             note=f"1M x 28 f32, two classes; {GBDT}"),
    Workload("gbdt-regr", "gbdt.py", ["lightgbm", "xgboost", "catboost"], "rmse", 0.005, False, True, needs="regr_x.npy",
             note=f"500k x 50 f32; {GBDT}. With 127 to 255 bins ken's error is 1.215 to 1.234 and LightGBM's 1.213 to 1.226: "
             "differences of a percent are chance"),
    Workload("gbdt-cat", "gbdt.py", ["lightgbm", "xgboost", "catboost"], "auc", 0.001, needs="cat_num.npy",
             note=f"200k x (12 numbers, 8 categories of 10 to 5000 levels), as each system takes categories (ken: its recipe); {GBDT}"),
    *(Workload(f"gbdt-{size}-{leaves}", "peers.py", ["lightgbm", "xgboost", "sklearn-hist", "catboost"], "auc", 0.001, needs="higgs_x.npy",
               note=f"the first {size} rows of gbdt-higgs, {leaves} leaves (CatBoost: its 64), the same 200k rows to predict. One bin "
               "more or less moves an AUC by some 0.002 (at 255 leaves 0.001) in ken as in LightGBM")
      for size in ("10k", "100k") for leaves in (31, 255)),
    Workload("oblivious", "peers.py", ["catboost"], "auc", 0.001, needs="higgs_x.npy",
             note="gbdt-higgs by symmetric trees: 100 of depth 6 on both sides"),
    Workload("gbdt-refit", "peers.py", ["lightgbm"], "auc", 0.001, needs="higgs_x.npy",
             note="a model of 100 trees of 255 leaves on 200k rows gets new leaf values from 800k others, decay 0.9"),
    Workload("forest", "forest.py", ["sklearnex", "sklearn"], "auc", 0.001, needs="forest_x.npy",
             note="100k x 50 f32; 100 trees to purity, 7 columns a split, Gini, bootstrap"),
    Workload("extratrees", "forest.py", ["sklearn"], "auc", 0.001, needs="forest_x.npy", note="as forest, random thresholds, all rows"),
    Workload("isolation", "neighbours.py", ["sklearn"], "auc", 0.01, needs="outlier_x.npy",
             note="200k x 16 f64, a hundredth of them outliers; 100 trees of 256 rows; fit, then the scores of all rows. The AUC of either "
             "differs by up to 0.01 between seeds: that is the tolerance here"),
    Workload("ols", "linear.py", ["sklearnex", "sklearn", "numpy-normal"], "mse", 0.005, False, True, needs="ols_x.npy",
             note="1M x 100 f64; ken's fit also gives the covariance of the coefficients"),
    Workload("ridge", "linear.py", ["sklearnex", "sklearn"], "mse", 0.005, False, True, needs="ols_x.npy", note="the same, alpha 1"),
    Workload("logistic", "linear.py", ["sklearnex-lbfgs", "sklearn-newton-cholesky", "sklearn-lbfgs"], "objective", 0.005, False, True,
             needs="logit_x.npy", note="500k x 100 f64, two classes, C 1, tol 1e-4"),
    Workload("treeshap", "explain.py", ["lightgbm", "xgboost", "shap"], "sum_error", 1e-3, False, needs="higgs_x.npy",
             note="10000 rows, the system's own model of 100 trees of 31 leaves; quality: largest error of the sum"),
    Workload("shap-forest", "peers.py", ["shap"], "sum_error", 1e-3, False, needs="forest_x.npy",
             note="1000 rows, a forest of 100 trees of depth 8 on 20k x 50; quality: largest error of the sum"),
    Workload("permutation", "explain.py", ["sklearn+lightgbm"], "top_drop", 0.01, needs="higgs_x.npy",
             note="AUC, 50000 rows, 28 columns, 3 repeats"),
    Workload("startup", "startup.py", ["lightgbm-one-row", "python", "numpy", "sklearn.linear_model", "lightgbm"], "peak_mib", 0, False,
             needs="higgs_x.npy", note="whole processes, warm disk cache: ken version; ken predict of one row by a saved model of 100 "
             "trees of 31 leaves; the peers' imports and lightgbm's same prediction"),
]


# --- one run of one system -------------------------------------------------------------------------------------------------


# The peers' scripts as they are, but their clock is that of CPU seconds.
CPU_CLOCK = """import os, runpy, sys, time
time.perf_counter = time.process_time
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")"""


def pinned(threads):
    """For a child: the first `threads` CPUs, as the peers' scripts pin themselves."""
    cpus = sorted(os.sched_getaffinity(0))[:threads]
    return lambda: os.sched_setaffinity(0, cpus)


def script_of(w):
    return HERE / w.script if w.script == "peers.py" else SHARED / w.script


def run_peer(w, system, threads, data):
    """One run by the peers' own script; its record (seconds, rss_mib, delay, quality, extra) or {"error": ...}."""
    case = w.case or w.name
    skip = [other for other in ("sklearnex", "text-") if other not in f"{case} {system}"]
    with contextlib.ExitStack() as stack:
        if w.name == "csv-pipe":  # the script reads mixed.csv: in this folder pipe.csv has that name
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "mixed.csv").symlink_to((data / "pipe.csv").resolve())
            data = folder
        out = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".json"))
        start = ["-c", CPU_CLOCK] if os.environ.get("KEN_BENCH_CLOCK") else []
        command = [sys.executable, "-B", *start, script_of(w), "--data", data, "--threads", str(threads), "--repeat", "1",
                   "--only", f"{case} {system}", "--skip", ",".join(skip), "--json", out.name]
        done = subprocess.run(command, capture_output=True, text=True)
        records = [r for r in json.loads(pathlib.Path(out.name).read_text() or "[]") if r["workload"] == case and r["system"] == system]
    if not records:
        return {"error": (done.stderr.strip().splitlines() or ["no record"])[-1][:200]}
    return records[0]


def run_ken(w, threads, data, build, version):
    """One run of ken_bench, with the figures that the peers' scripts compute, from what it left behind."""
    with tempfile.TemporaryDirectory() as out:
        command = [build / "ken_bench", w.name, data, str(threads), out]
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pinned(threads))
        if done.returncode:
            return {"error": (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:200]}
        record = json.loads(done.stdout) | {"version": version}
        record["quality"] |= judge(w, pathlib.Path(out), data)
    record["extra"] = {"rss_before_mib": record.pop("rss_before_mib")}
    if us := record.pop("row_us"):
        record["extra"]["row_us"] = us
    return record


def judge(w, out, data):
    """Quality from predictions and coefficients, by the functions of the peers' scripts."""
    if not (out / "predicted.npy").exists():
        return {}
    import numpy as np
    from sklearn.metrics import log_loss, roc_auc_score
    load = lambda name: np.load(data / f"{name}.npy", mmap_mode="r")
    p = np.load(out / "predicted.npy").ravel()
    y = load({"regr_x": "regr_y", "cat_num": "cat_y", "forest_x": "forest_y", "ols_x": "ols_y", "logit_x": "logit_y",
              "outlier_x": "outlier_y"}.get(w.needs.removesuffix(".npy"), "higgs_y"))
    if w.name == "logistic":
        n = len(y) - len(p)
        x, s = load("logit_x")[:n], np.where(y[:n] > 0, 1.0, -1.0)
        beta, c = np.load(out / "coef.npy").ravel(), float(np.load(out / "intercept.npy").ravel()[0])
        objective = np.logaddexp(0, -s * (x @ beta + c)).sum() + beta @ beta / 2
        return {"objective": float(objective), "accuracy": float((p == y[n:]).mean())}
    y = np.asarray(y[len(y) - len(p):])
    if w.quality in ("rmse", "mse"):
        mse = float(np.mean((p - y) ** 2))
        return {"mse": mse, "rmse": mse ** 0.5}
    if w.name == "isolation":  # scores, not probabilities
        return {"auc": float(roc_auc_score(y, p))}
    return {"auc": float(roc_auc_score(y, p)), "logloss": float(log_loss(y, np.clip(p, 1e-12, 1 - 1e-12)))}


def launch(build, command, repeat=21):
    """Median wall seconds and peak MiB of whole processes."""
    done = subprocess.run([build / "ken_bench", "--launch", str(repeat), *command], capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip()[-200:]}
    r = json.loads(done.stdout)
    return r | {"delay": 0, "quality": {"peak_mib": r["rss_mib"]}, "extra": {}}


def run_ken_startup(system, data, build, folder):
    """ken version, or ken predict of one row: the whole process."""
    if system == "ken version":
        return launch(build, [build / "ken", "version"])
    model, row = folder / "model.ken", folder / "row.csv"
    if not model.exists():
        subprocess.run([build / "ken_bench", "one-row-model", data, "2", folder], check=True, stdout=subprocess.DEVNULL)
        row.write_text(",".join(f"x{j}" for j in range(28)) + "\n" + ",".join(["0.5"] * 28) + "\n")
    return launch(build, [build / "ken", "predict", model, row, "--threads", "1"])


# --- many runs in turns ----------------------------------------------------------------------------------------------------


def merge(runs):
    """Medians and spreads of the clean runs (of the cleanest, if none is)."""
    good = [r for r in runs if "error" not in r]
    if not good:
        return {"error": runs[-1]["error"]}
    if os.environ.get("KEN_BENCH_CLOCK"):
        good = [r | {"delay": 0} for r in good]  # waiting is not in the seconds
    kept = [r for r in good if r["delay"] <= CLEAN] or [min(good, key=lambda r: r["delay"])]
    out = {"n": len(kept), "version": kept[-1].get("version", ""), "quality": kept[-1]["quality"],
           "rss_mib": max(r["rss_mib"] for r in kept), "rss_before_mib": kept[-1]["extra"].get("rss_before_mib", ""),
           "delay": max(r["delay"] for r in kept), "work": kept[-1].get("work", {})}
    for verb in ("fit", "predict"):
        spans = [r["seconds"][verb] for r in kept if verb in r["seconds"]]
        out[verb] = (statistics.median(spans), min(spans), max(spans)) if spans else None
    rows = [r["extra"]["row_us"] for r in kept if "row_us" in r["extra"]]
    out["row_us"] = statistics.median(rows) if rows else ""
    return out


def busy():
    """Share of all CPUs that others use, over half a second."""
    def ticks():
        v = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return sum(v), v[3] + v[4]
    total, idle = ticks()
    time.sleep(0.5)
    total, idle = (b - a for a, b in zip((total, idle), ticks()))
    return 1 - idle / max(1, total)


def wait_for_quiet(seconds):
    """Until hardly anything else runs, or the seconds are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and busy() > 0.1:
        time.sleep(1)


def measure(w, threads, a, version):
    """Alternate the systems of one workload; {system: merged}."""
    systems = (["ken version", "ken one-row"] if w.name == "startup" else ["ken"]) + w.peers
    runs = {s: [] for s in systems}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(a.repeat):
            for s in systems:
                if turn and s in w.peers and too_slow(s, w.peers, runs):
                    continue
                wait_for_quiet(a.wait)
                if s in w.peers:
                    r = run_peer(w, s, threads, a.data)
                    if w.name == "startup" and "error" not in r:
                        r["rss_mib"] = r["quality"]["peak_mib"]
                elif w.name == "startup":
                    r = run_ken_startup(s, a.data, a.build, pathlib.Path(folder)) | {"version": version}
                else:
                    r = run_ken(w, threads, a.data, a.build, version)
                runs[s].append(r)
                fit = r.get("error") or f"fit {r['seconds'].get('fit', 0):.4g} predict {r['seconds'].get('predict', 0):.4g} " \
                                        f"wait {r['delay']:.0%}"
                print(f"    {w.name} t{threads} {s}: {fit}", file=sys.stderr, flush=True)
    return {s: merge(r) for s, r in runs.items()}


def too_slow(system, peers, runs):
    if "error" in runs[system][0]:
        return True
    if "python" in peers:  # whole processes: the peers are not rivals of each other
        return False
    first = lambda s: sum(runs[s][0]["seconds"].values())
    return first(system) > SLOW * min(first(s) for s in peers if "error" not in runs[s][0])


# --- the machine -----------------------------------------------------------------------------------------------------------


def machine():
    """Processor, number of CPUs, and what of its instruction sets matters here."""
    cpu = dict(line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines() if ":" in line)
    cpu = {k.strip(): v.strip() for k, v in cpu.items()}
    flags = set(cpu.get("flags", "").split())
    wide = next((f for f in ("avx512f", "avx2", "sse4_2") if f in flags), "")
    isa = " ".join([platform.machine(), wide, *sorted(f for f in ("avx512_vnni", "amx_tile") if f in flags)])
    model = f"{cpu.get('model name', '?')} (family {cpu.get('cpu family', '?')} model {cpu.get('model', '?')})"
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "isa": isa}


def limits(build, threads):
    """The peaks of limits.c at this width."""
    done = subprocess.run([build / "ken_limits", str(threads)], capture_output=True, text=True, preexec_fn=pinned(threads), check=True)
    return json.loads(done.stdout)


def program_facts(build):
    """Stripped size of the program and the libraries that it loads."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "ken"
        shutil.copy(build / "ken", copy)
        subprocess.run(["strip", copy], check=True)
        size = copy.stat().st_size
    ldd = subprocess.run(["ldd", build / "ken"], capture_output=True, text=True).stdout
    libraries = [line.split()[0] for line in ldd.splitlines() if "=>" in line]
    return {"stripped_kib": round(size / 1024), "ldd": " ".join(libraries)}


# --- results.csv -----------------------------------------------------------------------------------------------------------

FIELDS = """date cpu cores isa workload system version threads n fit fit_low fit_high predict predict_low predict_high row_us quality_name
quality rss_mib rss_before_mib delay note fit_work predict_work""".split()


def append(rows):
    new = not RESULTS.exists()
    with RESULTS.open("a", newline="") as f:
        out = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if new:
            out.writeheader()
        out.writerows(rows)


def rows_of(w, threads, merged, host, date):
    for system, m in merged.items():
        row = host | {"date": date, "workload": w.name, "system": system, "threads": threads, "quality_name": w.quality}
        if "error" in m:
            yield row | {"n": 0, "note": m["error"]}
            continue
        for verb in ("fit", "predict"):
            row[f"{verb}_work"] = m["work"].get(verb, "")
            if m[verb]:
                row |= dict(zip((verb, f"{verb}_low", f"{verb}_high"), (f"{v:.6g}" for v in m[verb])))
        yield row | {k: m[k] for k in ("version", "n", "row_us", "rss_mib", "rss_before_mib", "delay")} | {
            "quality": f"{m['quality'].get(w.quality, float('nan')):.7g}", "note": "CPU seconds" if os.environ.get("KEN_BENCH_CLOCK") else "not clean" if m["delay"] > CLEAN else ""}


def latest(rows):
    """{machine: {(workload, threads): rows of the last run}}"""
    out = {}
    for r in rows:
        group = out.setdefault((r["cpu"], r["cores"], r["isa"]), {})
        key = (r["workload"], int(r["threads"]))
        if key in group and group[key][0]["date"] == r["date"]:
            group[key].append(r)
        else:
            group[key] = [r]
    return out


# --- tables ----------------------------------------------------------------------------------------------------------------


def equal(w, mine, theirs):
    """Whether `mine` is as good as `theirs`, within the tolerance."""
    slack = w.tolerance * (abs(theirs) if w.relative else 1)
    return mine >= theirs - slack if w.higher else mine <= theirs + slack


def verdict(w, rows):
    """ken against the fastest peer of equal quality, verb by verb: a dict for the summary."""
    ken = next(r for r in rows if r["system"].startswith("ken") and r["system"] != "ken version")
    peers = [r for r in rows if not r["system"].startswith("ken") and r["fit"]]
    if w.name == "startup":
        peers = [r for r in peers if r["system"] == "lightgbm-one-row"]
    out = {"ken": ken, "gate": "failed" if not ken["fit"] else "ok"}
    if not ken["fit"] or not peers:
        return out
    mine = float(ken["quality"])
    best = (max if w.higher else min)(float(r["quality"]) for r in peers)
    worst_gap = [r for r in peers if not equal(w, mine, float(r["quality"]))]
    if worst_gap and w.name != "startup":
        out["gate"] = f"below {worst_gap[0]['system']}"
    rivals = [r for r in peers if w.name == "startup" or equal(w, float(r["quality"]), mine)]
    out["unequal"] = [r["system"] for r in peers if r not in rivals]
    for verb in ("fit", "predict", "rss_mib"):
        able = [r for r in (rivals or peers) if r[verb] and ken[verb]]
        if able:
            r = min(able, key=lambda r: float(r[verb]))
            out[verb] = (r, float(r[verb]) / float(ken[verb]))
    out["best_quality"] = best
    return out


def num(text, digits=4):
    return f"{float(text):.{digits}g}" if text not in ("", None) else ""


def spread(r, verb):
    if not r[verb]:
        return ""
    low, high = r[f"{verb}_low"], r[f"{verb}_high"]
    return num(r[verb]) + (f" ({num(low, 3)} .. {num(high, 3)})" if int(r["n"]) > 1 else " (n=1)")


# What is counted, the peak it is held against, and in how many units of that peak's name.
PEAKS = {"bytes": "read_gbs", "adds": "adds_gs", "lookups": "lookups_gs", "flops": "f64_gflops"}


def shares(rows, peaks):
    """{(system, verb): bound / time} of one workload: the work is that of ken's model, for peers of any model."""
    ken = next((r for r in rows if r["system"] == "ken"), None)
    out = {}
    for verb in ("fit", "predict") if ken and peaks else ():
        what, _, work = (ken.get(f"{verb}_work") or "").partition(":")
        for r in rows if work else ():
            if r[verb]:
                out[r["system"], verb] = float(work) / (1e9 * float(peaks[PEAKS[what]])) / float(r[verb])
    return out


def table(w, rows, peaks):
    lines = ["| system | fit s | of peak | predict s | of peak | one row µs | " + w.quality + " | peak MiB |", "|---|---|---|---|---|---|---|---|"]
    share = shares(rows, peaks)
    for r in rows:
        name = f"{r['system']} {r['version']}".strip()
        if not r["fit"]:
            lines.append(f"| {name} | failed: {r['note']} | | | | | | |")
            continue
        flag = {"": "", "CPU seconds": " (cpu)"}.get(r["note"], " *")
        before = f" (before {num(r['rss_before_mib'])})" if r["rss_before_mib"] else ""
        of = lambda verb: figures.percent(share.get((r["system"], verb), 0)) if (r["system"], verb) in share else ""
        lines.append(f"| {name}{flag} | {spread(r, 'fit')} | {of('fit')} | {spread(r, 'predict')} | {of('predict')} | {num(r['row_us'])} | "
                     f"{num(r['quality'], 7)} | {num(r['rss_mib'])}{before} |")
    return lines


def summary_line(w, threads, rows, peaks):
    v = verdict(w, rows)
    ken, share = v["ken"], shares(rows, peaks)
    flag = " †" if v["gate"] != "ok" else ""
    cell = lambda verb: f"{v[verb][1]:.{2 if v[verb][1] < 10 else 0}f} × ({v[verb][0]['system']}){flag}" if verb in v else ""
    of = lambda verb: figures.percent(share["ken", verb]) if ("ken", verb) in share else ""
    threads = f"{threads} (cpu)" if ken["note"] == "CPU seconds" else f"{threads} *" if ken["note"] else threads
    return f"| {w.name} | {threads} | {num(ken['fit'])} | {cell('fit')} | {of('fit')} | {num(ken['predict'])} | {cell('predict')} | " \
           f"{of('predict')} | {num(ken['rss_mib'])} | {cell('rss_mib')} | {v['gate']} |"


INTRO = """# ken beside its peers

`make bench` makes this page and its figures (`bench/run --table`: again from `bench/results.csv`, without measuring; `bench/run --threads 2`:
one width, some half an hour): ken and each peer on the same files, in one run on one machine, in turns (ken, peer, peer, ..., ken,
...). Figures are medians; in brackets the fastest and the slowest run; `n=1`: a peer that took more than twice the best one's time
was run once. `fit` and `predict` are wall seconds from arrays in memory to arrays in memory; for `csv` and `csv-pipe`, `fit` is the
reading of the file. Peak MiB is the peak resident memory of the process, data and (for the peers) interpreter and libraries included;
`before` is what was resident when the clock started. For ken the peak is read after `predict`, for the peers when the process ends.
A ratio is the peer's median over ken's: above 1 ken is faster, or smaller. It is taken to the fastest peer whose quality is within the
tolerance of ken's (0.001 of AUC, 0.5 % of an error or objective); the last column says whether ken's own quality is within it of every
peer's (†: it is not). Runs whose threads waited for a CPU for more than 5 % of the time are dropped; `*`: there was
no other run. `cpu`: CPU seconds in place of wall seconds, taken at one thread while the machine was not idle.

`of peak`: the least time in which this machine can do what must be done, over the time taken. `limits.c` measures the machine in the same
run, on as many threads: bytes read from memory, and, in the first cache, sums added to at places named by codes (*adds*), values read at such
places (*look-ups*); fused multiply-adds in registers (*flops*). What must be done is counted on ken's model, and held against peers, too,
though their models are others:

- boosting, fit: one add for each column and row of the root of a tree and of the smaller child of a split whose children were split again
  (the larger one is the difference); gradients, search and partition are free;
- forests, fit: one add for each drawn column and row of a node that was split (of a bootstrap's rows the 63.2 % that differ);
- trees, predict and refit: a look-up for each level of a balanced tree of as many leaves, log2(leaves), by row and tree; symmetric trees
  one by row and tree (a level is one compare of a whole vector);
- permutation importance: that for the table and each shuffled column; TreeSHAP: a multiply-add by row and node of each leaf's path;
- least squares: the multiply-adds of the upper half of the Gram matrix; everything else: the bytes of the table (file, sample), read once.

Vectors can decide more than one row in a look-up's time, so a share above 100 % is possible, and says that the model is too simple there.
"""


SUMMARY_HEAD = ["| workload | threads | fit s | ratio | of peak | predict s | ratio | of peak | peak MiB | ratio | quality |",
                "|---|---|---|---|---|---|---|---|---|---|---|"]


def peaks_of(groups, threads):
    """The last peaks of limits.c at this width, or {}."""
    facts = groups.get(("limits", threads), [{"note": ""}])[0]["note"].split(", ")
    out = dict(f.split(" ") for f in facts if f.count(" ") == 1)
    return out if set(PEAKS.values()) <= set(out) else {}


def draw(groups, host):
    """The figures of one machine at its widest, into docs/; their lines of Markdown."""
    threads = max(t for name, t in groups if name not in ("limits", "program"))
    where = f"{host}, {threads} threads"
    ratio, fits, predicts, share = [], [], [], []
    for w in (w for w in WORKLOADS if (w.name, threads) in groups):
        rows = groups[w.name, threads]
        v = verdict(w, rows)
        pair = [(v[verb][1], v[verb][0]["system"]) if verb in v else (None, "") for verb in ("fit", "predict")]
        ratio.append((w.name + (" †" if v["gate"] != "ok" else ""), *pair[0], *pair[1]))
        for verb, panels in (("fit", fits), ("predict", predicts)):
            bars = [(r["system"], float(r[verb]), r["system"] not in v.get("unequal", [])) for r in rows if r[verb]]
            if bars and w.name != "startup":
                panels.append((w.name, bars))
            of = shares(rows, peaks_of(groups, threads))
            if ("ken", verb) in of:
                peer = v[verb][0]["system"] if verb in v else ""
                share.append((f"{w.name}, {verb}", of["ken", verb], of.get((peer, verb)), peer, v["ken"][f"{verb}_work"].split(":")[0]))
    files = {"ratios": figures.ratios(ratio, f"{where}; †: ken's own quality is below a peer's"),
             "fit": figures.bars("Seconds to fit", fits, where), "predict": figures.bars("Seconds to predict", predicts, where)}
    if share:
        files["roofline"] = figures.shares(share, where)
    for name, text in files.items():
        (PAGE.parent / f"bench_{name}.svg").write_text(text)
    alt = {"ratios": "Ratios of the fastest peer's time to ken's", "fit": "Seconds to fit", "predict": "Seconds to predict",
           "roofline": "Share of the machine's peak that is reached"}
    return [f"![{alt[name]}](bench_{name}.svg)" for name in ("ratios", "roofline", "fit", "predict") if name in files]


def page(rows):
    by_name = {w.name: w for w in WORKLOADS}
    out = [INTRO]
    machines = latest(rows)
    newest = max(machines, key=lambda m: max(rows[0]["date"] for rows in machines[m].values()))
    for (cpu, cores, isa), groups in machines.items():
        dates = sorted(rows[0]["date"] for rows in groups.values())
        days = " to ".join(dict.fromkeys([dates[0][:10], dates[-1][:10]]))
        host = f"{cpu}, {cores} CPUs, {isa}"
        out += [f"## {host}", "", f"{days}.", ""]
        for (name, threads), rs in sorted(groups.items()):
            if name in ("limits", "program"):
                out += [f"This machine at {threads} thread{'s' * (threads > 1)}: {rs[0]['note']}."
                        if name == "limits" else f"The program: {rs[0]['note']}.", ""]
        shown = [(w, t, groups[w.name, t]) for w in WORKLOADS for t in (2, 1) if (w.name, t) in groups]
        shown += [(by_name[n], t, rs) for (n, t), rs in sorted(groups.items()) if n in by_name and t not in (1, 2)]
        if (cpu, cores, isa) == newest and shown:
            out += ["\n\n".join(draw(groups, host)), ""]
        out += SUMMARY_HEAD
        out += [summary_line(w, t, rs, peaks_of(groups, t)) for w, t, rs in shown]
        last = None
        for w, threads, rs in shown:
            if w.name != last:
                out += ["", f"### {w.name}", "", f"{w.note}."]
            last = w.name
            out += ["", f"{threads} thread{'s' * (threads > 1)}:", "", *table(w, rs, peaks_of(groups, threads))]
        out.append("")
    return "\n".join(out)


def write_page():
    """The page and its figures; the rows they are made of."""
    with RESULTS.open(newline="") as f:
        rows = list(csv.DictReader(f))
    PAGE.write_text(page(rows))
    return rows


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("workloads", nargs="*", help="some of: " + " ".join(w.name for w in WORKLOADS) + " limits program")
    p.add_argument("--data", type=pathlib.Path, default=ROOT / "build" / "bench-data")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    p.add_argument("--threads", default="2,1")
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--results", type=pathlib.Path, default=RESULTS)
    p.add_argument("--page", type=pathlib.Path, default=PAGE)
    p.add_argument("--wait", type=float, default=10, help="seconds to wait before each run while something else uses the CPUs")
    p.add_argument("--cpu", action="store_true", help="CPU seconds in place of wall seconds: for one thread on a machine that is not idle")
    p.add_argument("--table", action="store_true", help="only write the page again from the results")
    a = p.parse_args()
    globals().update(RESULTS=a.results, PAGE=a.page)
    a.build, a.data = a.build.resolve(), a.data.resolve()
    if a.table:
        write_page()
        return
    if a.cpu:
        a.threads = "1"
        os.environ["KEN_BENCH_CLOCK"] = "cpu"
    if unknown := set(a.workloads) - {w.name for w in WORKLOADS} - {"limits", "program"}:
        p.error(f"no such workload: {' '.join(sorted(unknown))}")
    wanted = a.workloads or ["limits", "program", *(w.name for w in WORKLOADS)]
    host = machine()
    version = subprocess.run([a.build / "ken", "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    now = lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    if (others := busy()) > 0.1 and not a.cpu:
        print(f"bench: something else uses {others:.0%} of the CPUs: times will not be clean", file=sys.stderr)
    widths = [int(t) for t in a.threads.split(",")]
    for name in ("limits", "program"):
        for threads in (widths if name == "limits" else widths[:1]) if name in wanted else []:
            facts = limits(a.build, threads) if name == "limits" else program_facts(a.build)
            text = ", ".join(f"{k} {v}" for k, v in facts.items())
            append([host | {"date": now(), "workload": name, "system": name, "threads": threads, "note": text}])
            print(f"{name} t{threads}: {text}", flush=True)
    shown, groups = [], {}
    for w in (w for w in WORKLOADS if w.name in wanted):
        if w.needs and not (a.data / w.needs).exists():
            print(f"\n{w.name}: skipped, {a.data / w.needs} is not there", flush=True)
            continue
        for threads in widths[:1] if w.name == "startup" else widths:
            rows = list(rows_of(w, threads, measure(w, threads, a, version), host, now()))
            append(rows)
            groups = latest(write_page())[host["cpu"], str(host["cores"]), host["isa"]]
            print(f"\n{w.name}, {threads} threads: {w.note}", *table(w, groups[w.name, threads], peaks_of(groups, threads)), sep="\n",
                  flush=True)
            shown += [(w, threads)]
    print("", *SUMMARY_HEAD, *(summary_line(w, t, groups[w.name, t], peaks_of(groups, t)) for w, t in shown), sep="\n")


if __name__ == "__main__":
    main()
