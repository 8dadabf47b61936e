# The stable forms of the command line.
check version 0 "ken 0." - "$ken" version
check version-json 0 '"version"' - "$ken" version --json
check overview 0 "First steps" - "$ken"
check help 0 "train" - "$ken" help
for command in describe train compare predict evaluate explain plot models data learn quiz version; do
  check "help-$command" 0 "ken $command" - "$ken" help $command
  check "flag-help-$command" 0 "ken $command" - "$ken" $command --help
  check "man-$command" 0 ".TH KEN-" - "$ken" man $command
done
for shell in bash zsh fish; do check "completion-$shell" 0 "predict" - "$ken" completion $shell; done
is bash-completion-parses bash -n <("$ken" completion bash)
check data 0 "credit_g" - "$ken" data
check data-json 0 '"license"' - "$ken" data --json
check data-out 0 - - "$ken" data iris -o iris.csv
is data-has-151-lines test "$(wc -l < iris.csv)" = 151

check train 0 "accuracy" "" "$ken" train iris.csv --target species --model logistic -o iris.ken --report iris.html
is model-is-there test -s iris.ken
is report-is-html grep -qi '<!doctype html>' iris.html
is report-asks-no-network bash -c '! grep -oE "(src|href)=\"?https?://" iris.html'
check train-json 0 '"accuracy"' "" "$ken" train iris.csv --target species --model tree -o tree.ken --json
is json-is-one-object python3 -c '
import json, sys
d = json.load(open(".out"))
for key in "task model rows_train rows_test metrics fit_seconds predict_seconds peak_rss_mib seed parameters features".split():
    assert key in d, key
assert d["rows_train"] + d["rows_test"] == 150 and d["task"] == "classify" and d["model"] == "tree"
assert "accuracy" in d["metrics"] and "log_loss" in d["metrics"], d["metrics"]'
check train-no-test 0 '"metrics": {}' "" "$ken" train iris.csv --target species --model dummy --test 0 -o all.ken --json
check train-auto 0 "→" "" "$ken" train iris.csv --target species -o best.ken --report none
check train-set 0 '"max_depth": 2' "" "$ken" train iris.csv --target species --model tree --set max_depth=2 -o t.ken --json
check train-recipe-set 0 "" "" "$ken" train iris.csv --target species --model logistic --set recipe.scale=none -o t.ken --json
check train-base-set 0 '"base.max_depth": 2' "" "$ken" train iris.csv --target species --model one_vs_one --set base=tree --set base.max_depth=2 -o o.ken --json
check predict-base 0 "setosa,versicolor,virginica" "" "$ken" predict o.ken iris.csv --proba
check train-knn 0 "ken explain k.ken iris.csv" "" "$ken" train iris.csv --target species --model knn --set k=3 -o k.ken --report none
check train-base-unknown 2 "" "no parameter 'max_dept'" "$ken" train iris.csv --target species --model one_vs_rest --set base=tree --set base.max_dept=2
check train-base-regressor 2 "" "does not classify" "$ken" train iris.csv --target species --model one_vs_rest --set base=ridge
check train-cv 0 '"cv"' "" "$ken" train iris.csv --target species --model tree --cv 3 -o t.ken --json
check train-regress 0 '"rmse"' "" "$ken" train auto_mpg --target mpg --model ridge -o mpg.ken --json
check train-lasso 0 '"rmse"' "" "$ken" train diabetes --target y --model lasso --set alpha=0.5 -o lasso.ken --json
check train-elastic-net 0 '"rmse"' "" "$ken" train auto_mpg --target mpg --model elastic_net --set l1_ratio=0.9 -o enet.ken --json
check train-polynomial 0 '"rmse"' "" "$ken" train diabetes --target y --model lasso --set recipe.polynomial=2 -o poly.ken --json
check polynomial-recipe 0 "powers and products up to degree 2" - "$ken" models poly.ken
check polynomial-explain 0 "(several columns)" "" "$ken" explain poly.ken diabetes --row 1
is products-have-no-value bash -c '! grep -q "(missing)" .out'
check describe-collinear 0 "'s1' 59.2" - "$ken" describe diabetes --target y
check train-stdin 0 '"accuracy"' "" bash -c "'$ken' train - --target species --model tree -o t.ken --json < iris.csv"
check train-weight 0 '"rmse"' "" "$ken" train auto_mpg --target mpg --weight weight --model linear -o w.ken --json
check train-group 0 '"accuracy"' "" "$ken" train penguins --target species --group island --model tree -o g.ken --json
check two-runs-same-bytes 0 "" "" "$ken" train iris.csv --target species --model boosting --set trees=20 -o a.ken --threads 1 --report none
check two-runs-same-bytes-2 0 "" "" "$ken" train iris.csv --target species --model boosting --set trees=20 -o b.ken --threads 3 --report none
is same-bytes cmp a.ken b.ken

check rounds-few 0 "" "" "$ken" train iris.csv --target species --model boosting --set trees=7 -o c.ken --threads 1 --report none
check predict-rounds 0 "" - "$ken" predict a.ken iris.csv --rounds 7 --proba -o rounds.csv
check predict-few 0 "" - "$ken" predict c.ken iris.csv --proba -o few.csv
is first-rounds-are-the-fit-of-fewer cmp rounds.csv few.csv
check train-from 0 "" "" "$ken" train iris.csv --target species --from c.ken --set trees=20 -o d.ken --report none
is more-rounds-are-those-of-one-fit cmp a.ken d.ken
check train-refit 0 '"accuracy"' "" "$ken" train iris.csv --target species --refit c.ken --decay 0.5 -o r.ken --json
is refit-keeps-the-trees test "$("$ken" predict c.ken iris.csv --leaves | cut -d, -f2-)" = "$("$ken" predict r.ken iris.csv --leaves | cut -d, -f2-)"
check predict-leaves 0 "prediction,tree1,tree2,tree3" - "$ken" predict a.ken iris.csv --rounds 3:4 --leaves
check evaluate-staged 0 "round,accuracy" - "$ken" evaluate a.ken iris.csv --staged
is staged-lines test "$(wc -l < .out)" = 21
check evaluate-staged-json 0 '"staged"' - "$ken" evaluate a.ken iris.csv --staged --json
is last-round-is-the-model python3 -c "
import json, subprocess, sys
staged = json.load(open('.out'))['staged']
whole = json.loads(subprocess.run([sys.argv[1], 'evaluate', 'a.ken', 'iris.csv', '--json'], capture_output=True).stdout)['metrics']
assert staged and all(abs(staged[m][-1] - whole[m]) < 1e-12 for m in staged)" "$ken"

check predict 0 "prediction" - "$ken" predict iris.ken iris.csv
is predict-lines test "$(wc -l < .out)" = 151
check predict-proba 0 "prediction,setosa,versicolor,virginica" - "$ken" predict iris.ken iris.csv --proba
check predict-out 0 - - "$ken" predict iris.ken iris.csv -o out.csv
is predict-out-lines test "$(wc -l < out.csv)" = 151
check predict-stdin 0 "prediction" - bash -c "'$ken' predict iris.ken - -o - < iris.csv"
check predict-json 0 '"proba"' - "$ken" predict iris.ken iris.csv --proba --json
check predict-without-target 0 "prediction" - bash -c "cut -d, -f1-4 iris.csv | '$ken' predict iris.ken -"
cut -d, -f4,2,3,1 iris.csv > shuffled.csv
check train-quantiles 0 "" "" "$ken" train gen:friedman:rows=200 --target y --model quantile_forest --set quantiles='0.1 0.5 0.9' -o q.ken --report none
check predict-quantiles 0 "prediction,lower,upper,q0.1,q0.5,q0.9" - "$ken" predict q.ken gen:friedman:rows=3 --interval --quantiles
check predict-quantiles-json 0 '"q0.5"' - "$ken" predict q.ken gen:friedman:rows=3 --quantiles --json
check predict-no-quantiles 1 "" "cannot give 'quantiles'" "$ken" predict iris.ken iris.csv --quantiles
check predict-no-interval 1 "" "cannot give 'interval'" "$ken" predict iris.ken iris.csv --interval
check train-intervals 0 "lie inside (80 % asked for)" "" "$ken" train gen:friedman:rows=300 --target y --model ridge --intervals 0.8 -o ci.ken --report ci.html
check predict-intervals 0 "prediction,lower,upper" - "$ken" predict ci.ken gen:friedman:rows=3 --interval
check train-intervals-json 0 '"coverage"' "" "$ken" train gen:friedman:rows=300 --target y --model ridge --intervals 0.8 -o ci.ken --json
check train-sets 0 "sets  " "" "$ken" train iris.csv --target species --model logistic --intervals 0.9 -o cs.ken --report none
check predict-sets 0 "prediction,set" - "$ken" predict cs.ken iris.csv --sets
check predict-sets-json 0 '"set"' - "$ken" predict cs.ken iris.csv --sets --json
check predict-no-sets 1 "" "cannot give 'set'" "$ken" predict iris.ken iris.csv --sets
check train-intervals-wrong 2 "" "--intervals cannot be '90'" "$ken" train gen:friedman:rows=300 --target y --intervals 90 -o no.ken
check train-detect 0 "outliers" "" "$ken" train iris.csv --model isolation_forest --set contamination=0.1 -o d.ken
check train-detect-json 0 '"task": "detect"' "" "$ken" train iris.csv --model isolation_forest -o d.ken --json
check predict-detect 0 "score,outlier" - "$ken" predict d.ken iris.csv
check explain-detect 0 "" - "$ken" explain d.ken iris.csv --row 1
check models-detect 0 "to detect outliers" - "$ken" models d.ken
check evaluate-detect 1 "" "without a target" "$ken" evaluate d.ken iris.csv
check train-detect-target 2 "" "without a target" "$ken" train iris.csv --target species --model isolation_forest -o d2.ken
check train-detect-report 1 "" "report" "$ken" train iris.csv --model isolation_forest --report d.html -o d2.ken
check train-detect-cv 1 "" "cross-validated" "$ken" train iris.csv --model isolation_forest --cv 3 -o d2.ken
is detect-left-nothing test ! -e d2.ken
check predict-one-row 0 "prediction" - bash -c "head -2 iris.csv | '$ken' predict iris.ken -"

check evaluate 0 "accuracy" - "$ken" evaluate iris.ken iris.csv
check evaluate-json 0 '"intervals"' - "$ken" evaluate iris.ken iris.csv --json
check explain 0 "petal" "" "$ken" explain iris.ken iris.csv
check explain-row 0 "(sum)" - "$ken" explain iris.ken iris.csv --row 17
check explain-row-json 0 '"contributions"' - "$ken" explain iris.ken iris.csv --row 17 --json
is contributions-add-up python3 -c '
import json
d = json.load(open(".out"))
assert abs(d["base"] + sum(c["contribution"] for c in d["contributions"]) - d["sum"]) < 1e-6 * (1 + abs(d["sum"]))'
check explain-report 0 "" "" "$ken" explain iris.ken iris.csv --report explain.html
check compare 0 "→" "" "$ken" compare iris.csv --target species --models dummy,logistic,tree --cv 3
check compare-json 0 '"models"' "" "$ken" compare iris.csv --target species --models dummy,tree --cv 3 --json
check describe 0 "missing" "" "$ken" describe penguins
check describe-json 0 '"columns"' "" "$ken" describe penguins --json
check describe-report 0 "" "" "$ken" describe penguins --target species --report describe.html
check models 0 "boosting" - "$ken" models
check models-one 0 "learning_rate" - "$ken" models boosting
check models-file 0 "Recipe" - "$ken" models iris.ken
check models-file-json 0 '"recipe"' - "$ken" models iris.ken --json
check quiet 0 - - "$ken" train iris.csv --target species --model tree -o q.ken --report none --quiet
check strict 0 "" "" "$ken" train iris.csv --target species --model logistic -o s1.ken --report none --strict
check strict-generic 0 "" "" "$ken" train iris.csv --target species --model logistic -o s2.ken --report none --isa generic
is strict-equals-generic cmp s1.ken s2.ken

# Ranking and survival: the loss says the task, what it is judged by, and the file what stands beside the target.
awk 'BEGIN { print "query,a,b,grade"; srand(1); for (i = 0; i < 300; i++) { x = rand(); y = rand();
  printf "q%d,%.4f,%.4f,%d\n", i / 6, x, y, 4 * x * y } }' > ranks.csv
check rank 0 "ndcg" "" "$ken" train ranks.csv --target grade --group query --model boosting --set loss=lambdarank --set trees=10 -o rank.ken --report none
check rank-evaluate 0 "ndcg" "" "$ken" evaluate rank.ken ranks.csv
is rank-evaluate-same bash -c "diff <('$ken' evaluate rank.ken ranks.csv) <('$ken' evaluate rank.ken ranks.csv --group query)"
is rank-has-no-rmse bash -c "! '$ken' evaluate rank.ken ranks.csv | grep rmse"
awk 'BEGIN { print "t,seen,x"; srand(2); for (i = 0; i < 200; i++) { x = rand(); print -log(1 - rand()) / (0.2 + x) "," (rand() < .7) "," x } }' > times.csv
check survival 0 "concordance_risk" "" "$ken" train times.csv --target t --event seen --model boosting --set loss=cox --set trees=10 -o risk.ken --report none
check survival-staged 0 "round,concordance_risk" "" "$ken" evaluate risk.ken times.csv --staged
check rank-staged 0 "round,ndcg" "" "$ken" evaluate rank.ken ranks.csv --staged
check survival-evaluate 0 "concordance_risk" "" "$ken" evaluate risk.ken times.csv
