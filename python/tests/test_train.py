"""ken.train and what it gives, held against the program: the same data and seed give the same numbers and bytes."""
import html
import json
import os
import pathlib
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import ken
from ken import _ken
from ken._figures import MIME

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
PROGRAM = pathlib.Path(os.environ.get("KEN_PROGRAM") or pathlib.Path(ken.__file__).resolve().parents[2] / "ken")
needs_program = pytest.mark.skipif(not PROGRAM.is_file(), reason="the program is not beside the package")


def program(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(values):
    return {name: float(value) for name, value in values.items()}


@pytest.fixture(scope="module")
def credit():
    return ken.train(ken.read_csv(DATA / "credit_g.csv"), target="class", model="boosting", settings={"trees": 40})


@pytest.fixture(scope="module")
def mpg():
    return ken.train(ken.read_csv(DATA / "auto_mpg.csv"), target="mpg", model="ridge")


# --- against the program ------------------------------------------------------------------------------------------------
@needs_program
@pytest.mark.parametrize("table, target, options, arguments", [
    ("credit_g", "class", {"model": "boosting", "settings": {"trees": 40}, "folds": 3},
     ["--model", "boosting", "--set", "trees=40", "--cv", "3"]),
    ("auto_mpg", "mpg", {"metric": "mae", "test": 0.3}, ["--metric", "mae", "--test", "0.3"]),
    ("penguins", "species", {"model": "logistic", "intervals": 0.9, "random_state": 7},
     ["--model", "logistic", "--intervals", "0.9", "--seed", "7"]),
])
def test_train_is_the_program_s(tmp_path, table, target, options, arguments):
    path = DATA / f"{table}.csv"
    said = program("train", path, "--target", target, *arguments, "-o", tmp_path / "program.ken", "--json")
    trained = ken.train(ken.read_csv(path), target=target, **options)
    assert trained.metrics == numbers(said["metrics"])
    assert trained.baseline == numbers(said["baseline"])
    assert {n: i[0] for n, i in trained.intervals.items()} == {n: i["low"] for n, i in said["intervals"].items()}
    assert trained.rows == {name: said[f"rows_{name}"] for name in ("train", "validation", "test")}
    assert trained.model.name == said["model"] and trained.model.features == said["features"]
    assert [row["model"] for row in trained.leaderboard] == [row["model"] for row in said.get("compared", [])]
    assert trained.coverage == said.get("coverage")
    trained.model.save(tmp_path / "python.ken")
    assert (tmp_path / "python.ken").read_bytes() == (tmp_path / "program.ken").read_bytes()


def survival(tmp_path):
    """A table with a time, whether it was seen, an exposure and groups."""
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(2, 300))
    seen = rng.integers(0, 2, 300)
    path = tmp_path / "times.csv"
    rows = zip(x, z, rng.exponential(np.exp(x)), seen, np.repeat(np.arange(30), 10), rng.integers(0, 4, 300), rng.uniform(0, 1, 300))
    path.write_text("x,z,t,seen,g,grade,start\n" + "".join(f"{a:.6f},{b:.6f},{c:.6f},{d},{e},{f},{h:.6f}\n" for a, b, c, d, e, f, h in rows))
    return path


@needs_program
@pytest.mark.parametrize("target, side, loss", [("t", "event=seen", "cox"), ("grade", "group=g", "lambdarank"),
                                                ("t", "offset=start", "squared")])
def test_side_columns_are_the_program_s(tmp_path, target, side, loss):
    path, (name, column) = survival(tmp_path), side.split("=")
    said = program("train", path, "--target", target, f"--{name}", column, "--model", "boosting", "--set", f"loss={loss}", "--set",
                   "trees=10", "-o", tmp_path / "m.ken", "--json")
    trained = ken.train(ken.read_csv(path), target=target, model="boosting", settings={"loss": loss, "trees": 10}, **{name: column})
    assert trained.metrics == numbers(said["metrics"])
    assert trained.model.to_bytes() == (tmp_path / "m.ken").read_bytes()
    evaluated = trained.evaluate(ken.read_csv(path))
    assert evaluated.metrics == numbers(program("evaluate", tmp_path / "m.ken", path, "--json")["metrics"])


@needs_program
@pytest.mark.parametrize("options, arguments", [({"settings": {"trees": 20}}, ["--from", "m.ken", "--set", "trees=20"]),
                                                ({"refit": True, "decay": 0.5}, ["--refit", "m.ken", "--decay", "0.5"])])
def test_models_go_on_as_the_program_s(tmp_path, monkeypatch, options, arguments):
    monkeypatch.chdir(tmp_path)
    table = ken.read_csv(DATA / "penguins.csv")
    first = ken.train(table, target="species", model="boosting", settings={"trees": 8, "early_stopping": "off"})
    first.model.save("m.ken")
    before = first.model.to_bytes()
    program("train", DATA / "penguins.csv", "--target", "species", *arguments, "-o", "n.ken", "--json")
    more = ken.train(table, target="species", start=first.model, **options)
    assert more.model.to_bytes() == pathlib.Path("n.ken").read_bytes()
    assert first.model.to_bytes() == before
    with pytest.raises(ValueError):
        ken.train(table, target="sex", start=first.model)
    with pytest.raises(TypeError, match="start"):
        _ken.train(table, target="species", start=3)


@needs_program
def test_evaluate_explain_and_rows_are_the_program_s(tmp_path, credit):
    path, file = DATA / "credit_g.csv", tmp_path / "m.ken"
    credit.model.save(file)
    table = ken.read_csv(path)
    said = program("evaluate", file, path, "--json")
    evaluation = credit.evaluate(table)
    assert evaluation.metrics == numbers(said["metrics"]) and evaluation.confusion == said["confusion"]
    said = program("explain", file, path, "--row", "4", "--json")
    account = credit.explain(table, row=3)
    assert account.contributions == {p["feature"]: p["contribution"] for p in said["contributions"]}
    assert (account.prediction, account.base, account.sum) == (said["prediction"], said["base"], said["sum"])
    assert credit.explain(table, row=-997).contributions == account.contributions


@needs_program
def test_report_is_the_program_s(tmp_path):
    """All of the page but what names the call, the clock and the threads; its figures are those of `figures`."""
    path = DATA / "penguins.csv"
    program("train", path, "--target", "species", "--model", "boosting", "--set", "trees=20", "-o", tmp_path / "m.ken",
            "--report", tmp_path / "program.html", "--json")
    trained = ken.train(ken.read_csv(path), target="species", model="boosting", settings={"trees": 20})
    trained.report(tmp_path / "python.html")
    pages = [(tmp_path / f"{who}.html").read_text(encoding="utf-8") for who in ("program", "python")]
    assert "SHA-256 of the data" in pages[1] and "ken.train(df, target=&#39;species&#39;" in pages[1]
    main = [re.sub(r"<section id='repeat'.*?</section>", "", page, flags=re.S) for page in pages]
    main = [re.sub(r"[0-9.]+\xa0(ms|s|min)", "T", page) for page in main]
    assert main[0] == main[1]
    specs = dict(re.findall(r"<script type='application/json' id='spec-([^']*)'>(.*?)</script>", pages[0], flags=re.S))
    if specs:  # the build has the JavaScript
        assert {name: json.loads(text) for name, text in specs.items()} == {n: f.spec for n, f in trained.figures.items()}


@needs_program
def test_describe_is_the_program_s():
    path = DATA / "penguins.csv"
    said = program("describe", path, "--target", "species", "--json")
    described = ken.describe(ken.read_csv(path), "species")
    assert described.facts == said and len(described) == 8 and described["sex"]["missing"] == 11
    assert "association" in described.figures and "<!doctype html>" in described.report.html
    assert "344 rows, 8 columns" in repr(described) and "bill_length_mm" in described._repr_html_()


# --- tables in -------------------------------------------------------------------------------------------------------------
def frames():
    pd = pytest.importorskip("pandas")
    return pd, pd.read_csv(DATA / "auto_mpg.csv")


@pytest.mark.parametrize("kind", ["pandas", "dict", "polars", "pyarrow"])
def test_frames_give_the_models_of_the_file(kind):
    pd, df = frames()
    given = df
    if kind == "dict":
        given = {name: df[name].to_numpy() for name in df.columns}
    elif kind in ("polars", "pyarrow"):
        if not hasattr(ken.Table, "from_arrow"):
            pytest.skip("this build has no Arrow")
        given = pytest.importorskip("polars").from_pandas(df) if kind == "polars" else \
            pytest.importorskip("pyarrow").Table.from_pandas(df)
    wanted = ken.train(ken.read_csv(DATA / "auto_mpg.csv"), target="mpg", model="boosting", settings={"trees": 30})
    got = ken.train(given, target="mpg", model="boosting", settings={"trees": 30})
    assert got.metrics == wanted.metrics
    assert np.array_equal(got.predict(given), wanted.predict(df))


def test_columns_are_found_by_name_and_matrices_by_place(mpg):
    _, df = frames()
    shuffled = df[list(reversed(df.columns))]
    assert np.array_equal(mpg.predict(df), mpg.predict(shuffled))
    matrix = np.random.default_rng(0).normal(size=(80, 3))
    table = ken.Table.from_matrix(np.column_stack([matrix, matrix @ [1, 2, 3]]), ["a", "b", "c", "y"])
    trained = ken.train(table, target="y", model="ridge", settings={"alpha": 0})
    assert np.allclose(trained.predict(matrix), matrix @ [1, 2, 3])
    with pytest.raises(ValueError, match="2 columns"):
        trained.predict(matrix[:, :2])
    with pytest.raises(ValueError, match="weight|horsepower"):
        mpg.predict(df.drop(columns="weight"))


def test_side_columns_and_validation_rows():
    rng = np.random.default_rng(1)
    n = 400
    x, group = rng.normal(size=n), np.repeat(np.arange(40), 10)
    table = {"x": x, "g": group.astype("int64"), "w": rng.uniform(1, 2, n), "t": np.arange(n, dtype="f8"),
             "y": 3 * x + rng.normal(size=n)}
    trained = ken.train(table, target="y", model="ridge", weight="w", group="g")
    assert trained.model.features == ["x", "t"] and trained.rows["train"] + trained.rows["test"] == n
    later = ken.train(table, target="y", model="ridge", time="t")
    assert "t" in later.model.features
    more = {name: values[:50] for name, values in table.items()}
    stopped = ken.train(table, target="y", model="boosting", validation=more, settings={"trees": 60})
    assert stopped.rows["validation"] == 50 and len(stopped.history["validation_loss"]) > 0


# --- answers -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("values, kind", [(["no", "yes"], "O"), ([0, 1], "i"), ([3, 7], "i"), ([False, True], "b")])
def test_classes_come_back_as_they_are(values, kind):
    x = np.r_[np.linspace(-2, -1, 50), np.linspace(1, 2, 50)]
    y = np.array([values[int(v > 0)] for v in x], dtype=object if isinstance(values[0], str) else None)
    trained = ken.train({"x": x, "y": y}, target="y", model="tree", task="classify")
    assert trained.predict({"x": x}).dtype.kind == kind
    assert list(trained.predict({"x": x})) == list(y)
    proba = trained.predict_proba({"x": x})
    assert proba.shape == (100, 2) and np.allclose(proba.sum(axis=1), 1)


def test_intervals_hold_what_was_asked():
    rng = np.random.default_rng(2)
    x = rng.normal(size=2000)
    table = {"x": x, "y": x + rng.normal(size=2000)}
    trained = ken.train(table, target="y", model="ridge", intervals=0.8)
    low, high = trained.model.predict_interval(table).T
    assert abs(trained.coverage - 0.8) < 0.07
    assert abs(np.mean((low <= table["y"]) & (table["y"] <= high)) - 0.8) < 0.04
    with pytest.raises(TypeError, match="numbers"):
        trained.predict_proba(table)


def test_outliers_without_a_target():
    x = np.r_[np.random.default_rng(3).normal(size=(200, 2)), [[9.0, 9.0]]]
    trained = ken.train({"a": x[:, 0], "b": x[:, 1]}, model="isolation_forest")
    assert np.argmax(trained.predict(x)) == 200
    assert "outliers" in repr(trained) and trained.metrics == {} and pickle.loads(pickle.dumps(trained)).model.task == "detect"
    with pytest.raises(ValueError, match="about a target"):
        trained.report()


def test_threads_do_not_matter():
    table = ken.read_csv(DATA / "credit_g.csv")
    made = [ken.train(table, target="class", model="forest", settings={"trees": 20}, n_jobs=n) for n in (1, 2, 3)]
    assert len({trained.model.to_bytes() for trained in made}) == 1
    other = ken.train(table, target="class", model="forest", settings={"trees": 20}, random_state=1)
    assert other.model.to_bytes() != made[0].model.to_bytes()


# --- explanations ------------------------------------------------------------------------------------------------------------
def test_contributions_add_up_to_the_margin(credit):
    table = ken.read_csv(DATA / "credit_g.csv")
    parts = credit.model.contributions(table)
    margin = credit.model._model.predict(table, what="margin")[:, 0]
    assert parts.values.shape == (1000, 20) and parts.unit == "log odds"
    assert np.allclose(parts.base + parts.values.sum(axis=1) + parts.other, margin, atol=1e-9)
    assert list(parts.importance)[0] == "checking_status"
    account = credit.explain(table, row=0)
    assert account.contributions["checking_status"] == pytest.approx(parts.values[0, 0], abs=1e-12)
    p = account.proba[account.explained]
    assert np.log(p / (1 - p)) == pytest.approx(account.sum) == pytest.approx(account.base + sum(account.contributions.values()))


def test_interactions_add_up_to_the_contributions(credit, mpg):
    table = ken.read_csv(DATA / "credit_g.csv")
    parts, pairs = credit.model.contributions(table), credit.model.interactions(table, row=7)
    assert pairs.values.shape == (20, 20) and np.allclose(pairs.values, pairs.values.T)
    assert np.allclose(pairs.values.sum(axis=1), parts.values[7], atol=1e-9)
    over = credit.model.interactions(table)
    assert np.allclose(over.values.sum(axis=1), parts.values.mean(axis=0), atol=1e-9)
    (a, b), strongest = next(iter(over.pairs.items()))
    i, j = over.columns.index(a), over.columns.index(b)
    assert strongest == pytest.approx(2 * over.sizes[i, j]) and a in repr(over) and b in over._repr_html_()
    with pytest.raises(ValueError, match="interaction"):
        mpg.model.interactions(ken.read_csv(DATA / "auto_mpg.csv"))
    with pytest.raises(IndexError):
        credit.model.interactions(table, row=1000)


def test_a_training_is_asked_by_several_threads():
    trained = ken.train(ken.read_csv(DATA / "penguins.csv"), target="species", model="boosting", settings={"trees": 20})
    table = ken.read_csv(DATA / "penguins.csv")
    got = []
    work = [trained.report, lambda: trained.predict_proba(table), trained.explain, lambda: trained.evaluate(table)] * 2
    threads = [threading.Thread(target=lambda ask=ask: got.append(ask())) for ask in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8 and len({r.html for r in got if hasattr(r, "html")}) == 1


def test_explain_measures_what_matters(credit, mpg):
    explained = credit.explain()
    assert list(explained.importance)[0] == "checking_status"
    assert explained.score == credit.metrics[explained.metric]
    assert sum(explained.own.values()) == pytest.approx(1) and explained.effects["checking_status"].figure.title == "checking_status"
    weight = mpg.explain().effects["weight"].outputs["value"]
    assert weight[0] > weight[-1]
    other = mpg.explain(ken.read_csv(DATA / "auto_mpg.csv"))
    assert other.figures["importance"].title and other is not mpg.explain()
    with pytest.raises(TypeError, match="row"):
        credit.explain(row=3)
    with pytest.raises(IndexError):
        credit.explain(ken.read_csv(DATA / "credit_g.csv"), row=1000)


@needs_program
@pytest.mark.parametrize("columns, option", [(["weight"], "--effect"), (["weight", "origin"], "--effect"), (["weight"], "--ale"),
                                             (["weight", "horsepower"], "--ale"), (["origin"], "--ale")])
def test_effects_are_the_program_s(tmp_path, mpg, columns, option):
    path = DATA / "auto_mpg.csv"
    mpg.model.save(tmp_path / "m.ken")
    grid = 12 if option == "--ale" and len(columns) == 2 else 16 if len(columns) == 2 else 20
    said = program("explain", tmp_path / "m.ken", path, option, ",".join(columns), "--json")
    ask = mpg.model.ale if option == "--ale" else mpg.model.effect
    effect = ask(ken.read_csv(path), columns if len(columns) > 1 else columns[0], grid=grid)
    assert effect.columns == columns and effect.axes == [axis["values"] for axis in said["axes"]]
    assert effect.outputs == said["outputs"] and effect.unit == said["unit"]
    assert json.loads(json.dumps(effect._repr_mimebundle_(), allow_nan=False))[MIME]["$schema"].endswith("v5.json")


def test_effects_of_what_is_not_there(mpg):
    table = ken.read_csv(DATA / "auto_mpg.csv")
    with pytest.raises(ValueError, match="did you mean 'weight'"):
        mpg.model.effect(table, "wieght")
    for columns in ([], ["weight", "horsepower", "origin"]):
        with pytest.raises(ValueError, match="one or two columns"):
            mpg.model.effect(table, columns)
    with pytest.raises(ValueError, match="brute or recursion"):
        mpg.model.effect(table, "weight", method="guess")
    assert len(mpg.model.effect(table, "weight", grid=5).values) == 5


def test_an_estimator_is_a_model_to_train():
    boosting = pytest.importorskip("sklearn") and __import__("importlib").import_module("ken.boosting")
    table = ken.read_csv(DATA / "penguins.csv")
    by_name = ken.train(table, target="species", model="boosting", settings={"trees": 12}, random_state=3)
    by_class = ken.train(table, target="species", model=boosting.BoostingClassifier(trees=12, random_state=3))
    assert by_class.model.to_bytes() == by_name.model.to_bytes()
    assert "BoostingClassifier" in by_class._call
    with pytest.raises(TypeError, match="estimator of ken"):
        ken.train(table, target="species", model=3)


# --- looks --------------------------------------------------------------------------------------------------------------------
def test_figures_are_bundles_of_valid_json(credit, mpg, tmp_path):
    for trained, names in ((credit, {"roc", "pr", "calibration", "importance", "effect-0", "shap", "training"}),
                           (mpg, {"predicted", "residuals", "importance", "effect-0", "shap"})):
        assert names <= set(trained.figures)
        for name, figure in trained.figures.items():
            bundle = figure._repr_mimebundle_()
            spec = json.loads(json.dumps(bundle, allow_nan=False))[MIME]
            assert spec["$schema"].endswith("vega-lite/v5.json") and spec["config"]["style"]
            assert spec.get("width") != "container" and spec.get("height") != "container"
            assert bundle["text/markdown"].count("<script>") == bundle["text/markdown"].count("</script>") == 1
            assert figure.title in repr(figure) or html.escape(figure.title) in bundle["text/markdown"]
    figure = credit.figures.roc
    figure.save(tmp_path / "roc.json")
    figure.save(tmp_path / "roc.html")
    assert json.loads((tmp_path / "roc.json").read_text()) == figure.to_dict()
    assert "cdn." not in (tmp_path / "roc.html").read_text(encoding="utf-8") or not _ken.figure_scripts()
    with pytest.raises(KeyError, match="there are"):
        credit.figures["rock"]
    with pytest.raises(ValueError, match=".json"):
        figure.save(tmp_path / "roc.png")


@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser")
@pytest.mark.skipif("KEN_PYTHON_SANITIZED" in os.environ, reason="the figures are the same in every build")
@pytest.mark.skipif(not _ken.figure_scripts(), reason="a build without the scripts")
def test_figures_are_drawn_by_a_browser(credit, mpg, tmp_path):
    figures = [f for trained in (credit, mpg) for f in trained.figures.values()]
    page = "".join(figure.to_html(embed=at == 0) for at, figure in enumerate(figures))
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><body>{page}", encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chromium'}",
                           "--virtual-time-budget=20000", "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120, env=env)
    assert done.stdout.count("<svg") >= len(figures), done.stderr[-500:]
    assert "Error" not in re.sub(r"<script.*?</script>", "", done.stdout, flags=re.S)


def test_a_figure_keeps_hostile_names_as_text():
    name = "</script><script>alert(1)</script>"
    x = np.linspace(0, 1, 60)
    trained = ken.train({name: x, "y": 2 * x}, target="y", model="ridge")
    for figure in trained.figures.values():
        assert "</script><script>" not in figure.to_html()
    for text in (trained._repr_html_(), trained.explain()._repr_html_(), trained.model._repr_html_(),
                 ken.describe({name: x})._repr_html_(), trained.report()._repr_html_()):
        assert "<script>alert" not in text


def test_looks_of_everything(credit):
    auto = ken.train(ken.read_csv(DATA / "penguins.csv"), target="species")
    for thing in (credit, auto, auto.leaderboard, auto.evaluation, credit.explain(), credit.model, credit.figures,
                  credit.explain(ken.read_csv(DATA / "credit_g.csv"), row=0),
                  credit.model.contributions(ken.read_csv(DATA / "credit_g.csv"))):
        assert repr(thing) and "<table" in thing._repr_html_()
    assert auto.leaderboard[0]["model"] == auto.model.name and auto.leaderboard.reason in repr(auto)
    assert auto.metric in repr(auto.leaderboard)
    assert "<iframe" in credit.report()._repr_html_()


def test_report_is_written_whole_or_not_at_all(credit, tmp_path):
    path = tmp_path / "r.html"
    page = credit.report(path)
    assert path.read_text(encoding="utf-8") == page.html and page.html.startswith("<!doctype html>")
    assert re.search("id='fig-roc'", page.html) and not re.search(r"(src|href)='?https?://", page.html)
    with pytest.raises(OSError):
        credit.report(tmp_path / "no" / "r.html")
    assert os.listdir(tmp_path) == ["r.html"]


# --- files ----------------------------------------------------------------------------------------------------------------------
def test_pickles_and_files(credit, tmp_path):
    table = ken.read_csv(DATA / "credit_g.csv")
    wanted = credit.predict_proba(table)
    credit.model.save(tmp_path / "m.ken")
    for model in (pickle.loads(pickle.dumps(credit.model)), ken.load(tmp_path / "m.ken"), pickle.loads(pickle.dumps(credit))):
        assert np.array_equal(model.predict_proba(table), wanted)
    again = pickle.loads(pickle.dumps(credit))
    assert again.metrics == credit.metrics and again.report().html == credit.report().html
    assert again.figures["roc"].spec == credit.figures["roc"].spec
    with pytest.raises(OSError, match="nothing.ken"):
        ken.load(tmp_path / "nothing.ken")


def test_read_csv(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;zip;b\n1;01234;x\n2;99999;-\n;01234;y\n")
    table = ken.read_csv(path, types={"zip": "category"}, missing=["", "-"])
    assert table.names == ["a", "zip", "b"] and table.dtypes[1] == "category" and table.n_rows == 3
    assert "3 rows" in repr(table) and "zip category" in repr(table)
    assert table.about["name"] == "t.csv" and re.fullmatch("[0-9a-f]{64}", table.about["sha256"])
    path.write_text("a,b\n1,2\n3\n4,5\n")
    with pytest.raises(ValueError, match="t.csv:3"):
        ken.read_csv(path)
    with pytest.warns(UserWarning, match="1 row left out"):
        assert ken.read_csv(path, skip_bad_rows=True).n_rows == 2
    path.write_text("1,2\n3,4\n")
    assert ken.read_csv(path, header=False).names == ["c1", "c2"]
    with pytest.raises(ValueError, match="one character"):
        ken.read_csv(path, delimiter="ab")


# --- errors ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options, kind, words", [
    ({"target": "clas"}, ValueError, "did you mean 'class'"),
    ({"target": "class", "model": "bosting"}, ValueError, "did you mean 'boosting'"),
    ({"target": "class", "settings": {"trees": 3}}, ValueError, "name the model"),
    ({"target": "class", "model": "boosting", "settings": {"treees": 3}}, ValueError, "did you mean 'trees'"),
    ({"target": "class", "model": "boosting", "settings": {"trees": [3]}}, TypeError, "list"),
    ({"target": "class", "test": 2}, ValueError, "share from 0 to 0.9"),
    ({"target": "class", "task": "guess"}, ValueError, "auto, regress or classify"),
    ({"target": "class", "metric": "acuracy"}, ValueError, "accuracy"),
    ({"target": "class", "random_state": -1}, ValueError, "negative"),
    ({"target": "class", "n_jobs": 0}, ValueError, "n_jobs"),
    ({"target": 2.5}, TypeError, "name of a column"),
    ({"target": 7}, ValueError, "no column '7'"),
])
def test_errors_say_what_to_do(options, kind, words):
    with pytest.raises(kind, match=words):
        ken.train(ken.read_csv(DATA / "credit_g.csv"), **options)


def test_errors_of_tables():
    with pytest.raises(TypeError, match="expected a table"):
        ken.train(3, target="y")
    with pytest.raises(ValueError, match="no column 'z'"):
        ken.describe({"x": np.arange(3.0)}, "z")
    with pytest.raises(TypeError):
        _ken.train_report(object())
    with pytest.raises(TypeError):
        _ken.evaluate(object(), ken.read_csv(DATA / "iris.csv"))


# --- running --------------------------------------------------------------------------------------------------------------------
def long_table():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(20000, 10))
    return ken.Table.from_matrix(np.column_stack([X, X.sum(axis=1)]), [f"x{j}" for j in range(10)] + ["y"])


def test_progress_is_told_and_may_stop_it():
    seen = []
    _ken.train(long_table(), target="y", model="boosting", settings=["trees=400"], threads=2,
               progress=lambda what, step, total, objective, validation: seen.append((what, step, total)))
    rounds = [(step, total) for what, step, total in seen if what == "boosting"]
    assert rounds and all(1 <= step <= total == 400 for step, total in rounds)
    assert [step for step, _ in rounds] == sorted(step for step, _ in rounds)

    def stop(*said):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        _ken.train(long_table(), target="y", model="boosting", settings=["trees=100000"], progress=stop)


def test_a_bar_or_a_line(capsys):
    ken.train(long_table(), target="y", model="boosting", settings={"trees": 300}, verbose=True)
    assert "boosting" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_interrupt_stops_a_training():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    timer = threading.Timer(0.4, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            ken.train(long_table(), target="y", model="boosting", settings={"trees": 1000000})
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 20


def test_import_is_light():
    code = "import sys, ken; bad = {'numpy', 'pandas', 'sklearn', 'pyarrow', 'scipy'} & set(sys.modules); assert not bad, bad"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})
