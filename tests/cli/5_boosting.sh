# Boosting: what a fit stops by, rounds of a model.
"$ken" data gen:churn:rows=900 -o all.csv
head -601 all.csv > jan.csv; { head -1 all.csv; tail -300 all.csv; } > feb.csv
check validation 0 "300 rows to stop by" "" "$ken" train jan.csv --target churn --validation feb.csv --model boosting --set "metric=roc_auc|log_loss" --set patience=8 -o stop.ken --report stop.html
is report-draws-the-metrics grep -q 'fig-history2' stop.html
check validation-json 0 '"history"' "" "$ken" train jan.csv --target churn --validation feb.csv --model boosting --set "metric=roc_auc|log_loss" --set patience=8 -o stop.ken --json
cp .out stop.json
check evaluate-stop 0 '"staged"' - "$ken" evaluate stop.ken feb.csv --staged --json
is history-is-what-evaluate-says python3 -c '
import json; d = json.load(open("stop.json")); s = json.load(open(".out")); h = d["history"]
assert d["rows_validation"] == 300 and d["rounds"] == s["rounds"] <= len(h["roc_auc"])
for m in "roc_auc", "log_loss":
    assert all(abs(a - b) < 1e-12 for a, b in zip(h[m], s["staged"][m])), m
best = {"roc_auc": max(h["roc_auc"]), "log_loss": min(h["log_loss"])}
assert any(h[m].index(best[m]) + 1 == d["rounds"] and len(h[m]) == d["rounds"] + 8 for m in best), (d["rounds"], h)'
check stop-by-first 0 '"stop_by": "first"' "" "$ken" train jan.csv --target churn --validation feb.csv --model boosting --set "metric=log_loss|roc_auc" --set stop_by=first --set patience=8 -o first.ken --json
is first-decides python3 -c '
import json; d = json.load(open(".out")); h = d["history"]["log_loss"]
assert h.index(min(h)) + 1 == d["rounds"] and len(h) == min(500, d["rounds"] + 8)'
check stop-by-share 0 "rows to stop by, of those to learn from" "" "$ken" train jan.csv --target churn --model boosting --set early_stopping=on --set metric=roc_auc -o s.ken --report none
check metric-unlooked 0 "" "there are no validation rows" "$ken" train jan.csv --target churn --model boosting --set trees=3 --set metric=roc_auc -o s.ken --report none
check metric-unknown 2 "" "did you mean 'roc_auc'" "$ken" train jan.csv --target churn --model boosting --set metric=roc_acu -o no.ken --report none
check metric-of-numbers 2 "" "cannot classify" "$ken" train jan.csv --target churn --model boosting --set metric=rmse -o no.ken --report none
check validation-needs-a-model 2 "" "for one model" "$ken" train jan.csv --target churn --validation feb.csv -o no.ken --report none
check validation-needs-stopping 2 "" "not for ridge" "$ken" train jan.csv --target churn --validation feb.csv --model ridge -o no.ken --report none
check validation-and-folds 2 "" "cross-validation" "$ken" train jan.csv --target churn --validation feb.csv --model boosting --cv 3 -o no.ken --report none
cut -d, -f1-2 feb.csv > few.csv
check validation-lacks-columns 1 "" "--validation needs the column" "$ken" train jan.csv --target churn --validation few.csv --model boosting -o no.ken --report none
check validation-no-file 1 "" "there is no file" "$ken" train jan.csv --target churn --validation no.csv --model boosting -o no.ken --report none
is nothing-trained absent no.ken

"$ken" train jan.csv --target churn --model boosting --set trees=12 -o twelve.ken --report none -q
"$ken" train jan.csv --target churn --model boosting --set trees=5 -o five.ken --report none -q
check slice 0 "5 of 12 rounds" - "$ken" slice twelve.ken --rounds 5 -o slice.ken
is slice-is-the-fit-of-fewer cmp slice.ken five.ken
check slice-json 0 '"of": 12' - "$ken" slice twelve.ken --rounds 4: -o rest.ken --json
check predict-rest 0 "prediction" - "$ken" predict twelve.ken feb.csv --proba --rounds 4:12
cp .out rest.csv
check predict-slice 0 "prediction" - "$ken" predict rest.ken feb.csv --proba
is slice-says-what-its-rounds-say cmp .out rest.csv
check slice-goes-on 0 "" "" "$ken" train jan.csv --target churn --from slice.ken --set trees=12 -o again.ken --report none
is slice-and-more-are-the-whole cmp again.ken twelve.ken
check slice-too-many 2 "" "of 12" "$ken" slice twelve.ken --rounds 13 -o no.ken
check slice-none 2 "" "names no rounds" "$ken" slice twelve.ken --rounds : -o no.ken
check slice-words 2 "" "names no rounds" "$ken" slice twelve.ken --rounds some -o no.ken
check slice-no-rounds 2 "" "rounds to keep" "$ken" slice twelve.ken -o no.ken
check slice-no-place 2 "" "-o part.ken" "$ken" slice twelve.ken --rounds 3
"$ken" train jan.csv --target churn --model logistic -o line.ken --report none -q
check slice-of-a-line 2 "" "no rounds of boosting" "$ken" slice line.ken --rounds 3 -o no.ken
is nothing-sliced absent no.ken
check man-slice 0 ".TH KEN-" - "$ken" man slice
check help-slice 0 "ken slice MODEL" - "$ken" help slice
"$ken" train auto_mpg --target mpg --model boosting --set linear_leaves=true --set trees=12 -o bent.ken --report none -q >/dev/null
check linear-leaves-have-lines 0 "→ line 1" - "$ken" plot tree bent.ken --tree 5
check linear-leaves-are-drawn 0 "</svg>" - "$ken" plot tree bent.ken --tree 5 -o -
check linear-leaves-as-json 0 '"coef"' - "$ken" plot tree bent.ken --tree 5 --json
check linear-leaves-explain 0 "horsepower" - "$ken" explain bent.ken auto_mpg --row 1
check linear-leaves-effect 0 "(brute)" - "$ken" explain bent.ken auto_mpg --effect horsepower
check linear-leaves-rounds 0 "prediction" - "$ken" predict bent.ken auto_mpg --rounds 5
check linear-leaves-go-on 0 "" - "$ken" train auto_mpg --target mpg --from bent.ken --set trees=15 -o further.ken --report none
check linear-leaves-and-dart 1 "" "do not go with drop_rate" "$ken" train auto_mpg --target mpg --model boosting --set linear_leaves=true --set drop_rate=0.1 -o none.ken --report none
check linear-leaves-refit 0 "" - "$ken" train auto_mpg --target mpg --refit bent.ken -o renewed.ken --report none
check linear-leaves-pairs 0 "horsepower" - "$ken" explain bent.ken auto_mpg --shap-interactions
