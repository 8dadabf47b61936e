# What looks into a model: plot, explain.
"$ken" train penguins --target species --model tree -o look.ken --report none -q >/dev/null
"$ken" train auto_mpg --target mpg --model forest --set trees=5 -o forest.ken --report none -q >/dev/null
"$ken" train diabetes --target y --model ridge -o line.ken --report none -q >/dev/null
check plot-tree 0 "├ yes" - "$ken" plot tree look.ken
check plot-forest 0 "tree 3 of 5" - "$ken" plot tree forest.ken --tree 3 --depth 2
check plot-json 0 '"leaves"' - "$ken" plot tree look.ken --json
is plot-json-is-one-object python3 -c 'import json; d = json.load(open(".out")); assert d["unit"] == "share" and d["drawn"]["root"]["left"]'
check plot-svg 0 - "tree.svg" "$ken" plot tree look.ken -o tree.svg
is plot-svg-is-xml python3 -c 'import xml.dom.minidom as x; assert x.parse("tree.svg").documentElement.tagName == "svg"'
check plot-svg-out 0 "</svg>" - "$ken" plot tree look.ken -o -
check plot-no-tree 2 "" "tree 8 of 5" "$ken" plot tree forest.ken --tree 9
check plot-not-trees 1 "" "not made of trees" "$ken" plot tree line.ken
check plot-ending 2 "" "something.svg" "$ken" plot tree look.ken -o tree.png
check plot-what 2 "" "cannot draw 'dog'" "$ken" plot dog look.ken
is nothing-left absent tree.png
check effect 0 "(recursion)" - "$ken" explain look.ken penguins --effect bill_length_mm
check effect-brute 0 "(brute)" - "$ken" explain look.ken penguins --effect bill_length_mm --method brute --class Gentoo
check effect-pair 0 "bill_length_mm and island" - "$ken" explain look.ken penguins --effect bill_length_mm,island
check effect-json 0 '"unit": "probability"' - "$ken" explain look.ken penguins --effect island --json
is effect-json-is-one-object python3 -c '
import json; d = json.load(open(".out"))
assert set(d["outputs"]) == {"Adelie", "Chinstrap", "Gentoo"} and len(d["axes"][0]["values"]) == 3
assert abs(sum(v[0] for v in d["outputs"].values()) - 1) < 1e-12'
check effect-any-model 0 "(brute)" - "$ken" explain line.ken diabetes --effect bmi
check effect-no-walk 1 "" "not made of trees" "$ken" explain line.ken diabetes --effect bmi --method recursion
check effect-no-column 2 "" "did you mean 'island'" "$ken" explain look.ken penguins --effect iland
check effect-no-class 2 "" "no class 'dog'" "$ken" explain look.ken penguins --effect island --class dog
check ale 0 "accumulated local effects" - "$ken" explain look.ken penguins --ale bill_length_mm
check ale-levels 0 "Torgersen" - "$ken" explain look.ken penguins --ale island
check ale-pair 0 "beyond what each does alone" - "$ken" explain line.ken diabetes --ale bmi,bp
check ale-json 0 '"counts"' - "$ken" explain line.ken diabetes --ale bmi --json
is ale-json-of-a-line-is-a-line python3 -c '
import json; d = json.load(open(".out")); x = d["axes"][0]["values"]; y = d["outputs"]["value"]
s = [(y[i+1] - y[i]) / (x[i+1] - x[i]) for i in range(len(x) - 1)]; assert max(s) - min(s) < 1e-6 * abs(s[0])'
check ale-two-questions 2 "" "two questions" "$ken" explain line.ken diabetes --ale bmi --effect bmi
check interactions 0 "act together" - "$ken" explain look.ken penguins --interactions
check interactions-json 0 '"pairs"' - "$ken" explain line.ken diabetes --interactions --json
is line-has-no-interactions python3 -c '
import json; d = json.load(open(".out")); assert d["totals"][0]["h"] < 1e-9 and len(d["pairs"]) == 28 and d["sd"] > 1'
check drop-column 0 "learned anew" - "$ken" explain line.ken diabetes --drop-column
check drop-column-json 0 '"se"' - "$ken" explain line.ken diabetes --drop-column --cv 3 --json
is drop-column-json-is-sorted python3 -c '
import json; d = json.load(open(".out")); m = [r["mean"] for r in d["columns"]]
assert m == sorted(m, reverse=True) and len(m) == 10 and d["folds"] == 3'
"$ken" data iris -o iris5.csv; cut -d, -f1-4 iris5.csv > no_target.csv
"$ken" train iris5.csv --target species --model knn -o near.ken --report none -q >/dev/null
check drop-column-no-target 1 "" "no column 'species'" "$ken" explain near.ken no_target.csv --drop-column
check surrogate 0 "imitates the model" - "$ken" explain near.ken no_target.csv --surrogate --depth 2 -o small.ken
check surrogate-json 0 '"agreement"' - "$ken" explain near.ken iris5.csv --surrogate --json
is surrogate-is-faithful python3 -c 'import json; d = json.load(open(".out")); assert d["fidelity"] > 0.85 and len(d["rules"]) == d["leaves"]'
check surrogate-is-drawn 0 "leaves" - "$ken" plot tree small.ken
check effect-ice 0 "single rows" - "$ken" explain line.ken diabetes --effect bmi --ice
check effect-ice-json 0 '"centered_rows"' - "$ken" explain line.ken diabetes --effect bmi --ice --json
is centered-rows-of-a-line-are-one python3 -c '
import json; r = json.load(open(".out"))["centered_rows"]; assert len(r) == 60
assert all(abs(a - b) < 1e-9 for row in r for a, b in zip(row, r[0])) and r[0][0] == 0 and r[0][-1] > 1'
check effect-ice-two 2 "" "not two" "$ken" explain line.ken diabetes --effect bmi,bp --ice
"$ken" data diabetes -o sugar.csv
"$ken" train diabetes --target y --model boosting --set trees=20 -o boost.ken --report none -q >/dev/null
check shap-interactions 0 "Columns alone and together" - "$ken" explain boost.ken diabetes --shap-interactions
check shap-interactions-json 0 '"mean_size"' - "$ken" explain boost.ken diabetes --shap-interactions --json
is shap-interactions-are-sorted python3 -c '
import json; d = json.load(open(".out")); p = [x["mean_size"] for x in d["pairs"]]
assert p == sorted(p, reverse=True) and len(p) == 45 and len(d["alone"]) == 10 and p[0] > 0'
check row-json 0 '"contributions"' - "$ken" explain boost.ken diabetes --row 7 --json
cp .out row7.json
check shap-interactions-row 0 '"pairs"' - "$ken" explain boost.ken diabetes --row 7 --shap-interactions --json
is pairs-add-up-to-the-account python3 -c '
import json; d = json.load(open(".out")); r = json.load(open("row7.json"))
of = {x["feature"]: x["contribution"] for x in d["alone"]}
for x in d["pairs"]: of[x["feature"]] += x["contribution"] / 2; of[x["with"]] += x["contribution"] / 2
assert d["base"] == r["base"] and all(abs(of[x["feature"]] - x["contribution"]) < 1e-9 for x in r["contributions"])'
check shap-interactions-row-text 0 "Row 7, columns alone and together" - "$ken" explain boost.ken diabetes --row 7 --shap-interactions
check shap-interactions-classes 0 "of 'Gentoo'" - "$ken" explain look.ken penguins --shap-interactions --class Gentoo
check shap-interactions-no-class 2 "" "no class 'dog'" "$ken" explain look.ken penguins --shap-interactions --class dog
check shap-interactions-of-a-line 1 "" "two by two" "$ken" explain line.ken diabetes --shap-interactions
check shap-interactions-two 2 "" "two questions" "$ken" explain boost.ken diabetes --shap-interactions --effect bmi
head -101 sugar.csv > some.csv
check background 0 "(start: the background)" - "$ken" explain boost.ken diabetes --row 7 --background some.csv
check background-json 0 '"background_rows": 100' - "$ken" explain boost.ken diabetes --row 7 --background some.csv --json
"$ken" predict boost.ken some.csv -o some_says.csv
is background-is-the-start python3 -c '
import json; d = json.load(open(".out")); p = [float(x) for x in open("some_says.csv").read().split()[1:]]
assert abs(d["base"] - sum(p) / len(p)) < 1e-9 * abs(d["base"]) and abs(d["sum"] - d["prediction"]) < 1e-9 * abs(d["sum"])'
check background-no-row 2 "" "--row" "$ken" explain boost.ken diabetes --background some.csv
check background-of-a-line 0 '"method": "kernel"' - "$ken" explain line.ken diabetes --row 7 --background some.csv --json
check row-of-any-model 0 '"method": "kernel"' - "$ken" explain near.ken iris5.csv --row 7 --json
is kernel-shap-adds-up python3 -c '
import json; d = json.load(open(".out")); s = d["base"] + sum(c["contribution"] for c in d["contributions"])
assert abs(s - d["sum"]) < 1e-12 and abs(s - d["proba"][d["explained_class"]]) < 1e-12 and d["unit"] == "probability"'
check row-of-any-model-text 0 "(start: the table)" - "$ken" explain near.ken iris5.csv --row 7
check background-no-file 1 "" "there is no file" "$ken" explain boost.ken diabetes --row 7 --background no.csv
check explain-no-row 2 "" "there is no row 999" "$ken" explain boost.ken diabetes --row 999

# Pages with figures of what was asked: valid specifications with the numbers of the JSON beside them.
cat > spec.py <<'P'
import html, json, re, sys
def spec(page, name):
    found = re.search(r"<script[^>]*id='spec-%s'[^>]*>(.*?)</script>" % name, open(page).read(), re.S)
    assert found, name
    return json.loads(found.group(1))
def rows(page, name): return spec(page, name)["data"]["values"]
def near(a, b): # figures round to a few digits
    return len(a) == len(b) and all(abs(x - y) <= 1e-3 * max(map(abs, b)) for x, y in zip(a, b))
P
check ale-report 0 '"ale"' - "$ken" explain line.ken diabetes --ale bmi --report ale.html --json
is ale-figure-has-the-curve python3 -c '
import json; from spec import near, rows; d = json.load(open(".out"))
assert near([r["y"] for r in rows("ale.html", "shape") if r["k"] == "mean"], d["outputs"]["value"])'
check ale-pair-report 0 "" - "$ken" explain boost.ken diabetes --ale bmi,bp --report pair.html
is ale-pair-figure-is-a-plane python3 -c '
from spec import spec, rows; assert spec("pair.html", "shape")["mark"]["type"] == "rect" and len(rows("pair.html", "shape")) > 100'
check effect-report 0 '"effect"' - "$ken" explain look.ken penguins --effect island --report effect.html --json
is effect-figure-has-all-classes python3 -c '
from spec import rows; assert {r["c"] for r in rows("effect.html", "shape")} == {"Adelie", "Chinstrap", "Gentoo"}'
check interactions-report 0 '"pairs"' - "$ken" explain boost.ken diabetes --interactions --report together.html --json
is interaction-figures-have-the-numbers python3 -c '
import json; from spec import near, rows; d = json.load(open(".out"))
assert near([r["m"] for r in rows("together.html", "together")], [t["h"] for t in d["totals"]])
assert near([r["m"] for r in rows("together.html", "pairs")], [t["strength"] for t in d["pairs"]][:15])'
check drop-column-report 0 '"se"' - "$ken" explain line.ken diabetes --drop-column --cv 3 --report drop.html --json
is drop-figure-has-errors python3 -c '
import json; from spec import near, rows; d = json.load(open(".out")); r = rows("drop.html", "dropped")
assert near([x["m"] for x in r], [c["mean"] for c in d["columns"]]) and near([x["h"] for x in r], [c["mean"] + c["se"] for c in d["columns"]])'

# Columns that say the same: each stands in for the other, together they cannot.
python3 -c '
import random; random.seed(4); print("a,twin,other,y")
for _ in range(400):
    a = random.gauss(0, 1); o = random.gauss(0, 1)
    print("%.4f,%.4f,%.4f,%.4f" % (a, a + 0.05 * random.gauss(0, 1), o, 2 * a + o))' > twins.csv
"$ken" train twins.csv --target y --model forest --set trees=30 -o twins.ken --report none -q >/dev/null
check together 0 "a + twin" - "$ken" explain twins.ken twins.csv
check together-json 0 '"together"' - "$ken" explain twins.ken twins.csv --json --report twins.html
is together-is-more-than-each python3 -c '
import json; from spec import near, rows, spec; d = json.load(open(".out")); one = {r["feature"]: r["mean"] for r in d["permutation"]}
assert [g["features"] for g in d["together"]] == [["a", "twin"]]
joint = d["together"][0]["mean"]; assert joint > 1.1 * max(one["a"], one["twin"]), (joint, one)
assert spec("twins.html", "importance")["params"][0]["bind"]["input"] == "radio"
r = rows("twins.html", "importance"); assert {x["f"] for x in r if x["w"] == "together"} == {"a + twin", "other"}
assert {x["f"] for x in r if x["w"] == "one by one"} == {"a", "twin", "other"}'
check together-none 0 '"together": []' - "$ken" explain twins.ken twins.csv --json --together 1
check together-wrong 2 "" "--together" "$ken" explain twins.ken twins.csv --together 2

check dependence 0 "what it added" - "$ken" explain boost.ken diabetes --dependence bmi
check dependence-levels 0 "Biscoe" - "$ken" explain look.ken penguins --dependence island --class Adelie
check dependence-json 0 '"points"' - "$ken" explain boost.ken diabetes --dependence bmi --json --report dep.html
is dependence-is-the-account-of-rows python3 -c '
import json; from spec import near, rows; d = json.load(open(".out")); r = json.load(open("row7.json"))
of = {x["feature"]: x["contribution"] for x in r["contributions"]}
p = [q for q in d["points"] if q["row"] == 7]; assert len(p) == 1 and abs(p[0]["contribution"] - of["bmi"]) < 1e-12
x = [q["value"] for q in d["points"]]; assert x == sorted(x) and len(x) == 442 and d["with"] != "bmi"
f = rows("dep.html", "dependence"); assert len(f) == 442 and near(sorted(q["y"] for q in f), sorted(q["contribution"] for q in d["points"]))'
check dependence-of-a-line 0 "what it added" - "$ken" explain line.ken diabetes --dependence bmi
check dependence-no-column 2 "" "no column 'bmo'" "$ken" explain boost.ken diabetes --dependence bmo
check dependence-no-class 2 "" "no class 'dog'" "$ken" explain look.ken penguins --dependence island --class dog
check dependence-of-neighbors 1 "" "does not say" "$ken" explain near.ken iris5.csv --dependence petal_width
