# Bad input: a clear message, exit status 1 or 2, nothing half-written.
"$ken" data iris -o iris.csv; "$ken" train iris.csv --target species --model tree -o iris.ken --report none -q
t() { "$ken" train "$@" --model tree -o bad.ken --report none; }
refuse() { # NAME STATUS MESSAGE command...
  local name=$1 status=$2 part=$3; shift 3
  check "bad-$name" "$status" - "$part" "$@"
  is "bad-$name-leaves-nothing" absent bad.ken
}
refuse no-command 2 "no command 'trian'" "$ken" trian iris.csv
refuse nearest-command 2 "did you mean 'ken train'" "$ken" trian iris.csv
refuse unknown-option 2 "did you mean --target" t iris.csv --taget species
refuse option-without-value 2 "needs a value" "$ken" train iris.csv --target
refuse no-target 2 "needs a target" t iris.csv
refuse from-a-tree 1 "tree cannot be fitted on" "$ken" train iris.csv --target species --from iris.ken -o bad.ken --report none
refuse from-another-target 2 "not to 'sepal_width'" "$ken" train iris.csv --target sepal_width --from iris.ken -o bad.ken --report none
refuse from-and-model 2 "--from" t iris.csv --target species --from iris.ken
refuse refit-a-tree 1 "tree cannot be refitted" "$ken" train iris.csv --target species --refit iris.ken -o bad.ken --report none
refuse refit-decay 2 "decay" "$ken" train iris.csv --target species --refit iris.ken --decay 2 -o bad.ken --report none
refuse rounds-of-a-tree 2 "rounds" "$ken" predict iris.ken iris.csv --rounds 3
refuse rounds-no-number 2 "names no rounds" "$ken" predict iris.ken iris.csv --rounds a:b
refuse no-table 2 "TABLE" "$ken" train --target species
refuse too-many 2 "does not know what to do with" "$ken" describe iris.csv more.csv
refuse missing-file 1 "no file or built-in table 'nothing.csv'" t nothing.csv --target y
refuse near-dataset 1 "did you mean 'penguins'" t penguin --target species
mkdir folder; refuse directory 1 "folder" t folder --target y
: > empty.csv; refuse empty-file 1 "empty.csv" t empty.csv --target y
printf 'a,b,y\n' > header.csv; refuse header-only 1 "no row" t header.csv --target y
head -c 4000 /dev/urandom | tr -d '\n' > binary.csv; printf '\0\0' >> binary.csv; refuse binary-file 1 "binary.csv" t binary.csv --target y
printf 'a,y\n1,2\n3\n' > ragged.csv; refuse ragged 1 "ragged.csv:3" t ragged.csv --target y
printf 'a,y\n1,2,9\n3,4\n' > wide.csv; refuse ragged-wide 1 "wide.csv:2" t wide.csv --target y
printf 'a,y\n"1,2\n3,4\n' > quote.csv; refuse open-quote 1 "quote.csv" t quote.csv --target y
printf 'a,y\n\xff\xfe,2\n3,4\n' > utf8.csv; refuse bad-utf8 1 "utf8.csv:2" t utf8.csv --target y
printf '\xff\xfea\0,\0y\0\n\0' > utf16.csv; refuse utf16 1 "UTF-16" t utf16.csv --target y
refuse unknown-target 1 "no column 'specie'" t iris.csv --target specie
refuse unknown-target-hint 1 "did you mean 'species'" t iris.csv --target specie
printf 'a,y\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n' > one.csv; refuse constant-target 1 "one class" t one.csv --target y
printf 'a,y\n1,\n2,\n3,\n' > notarget.csv; refuse empty-target 1 "no training row has a value" t notarget.csv --target y
printf 'a,y\n,1\n,2\n,3\n,4\n,1.5\n,2.5\n' > nofeature.csv; refuse all-missing-column 1 "recipe left no column" t nofeature.csv --target y
printf 'y\n1\n2\n3\n' > only.csv; refuse only-target 1 "no column" t only.csv --target y
refuse unknown-model 1 "no model 'boostin'" "$ken" train iris.csv --target species --model boostin -o bad.ken
refuse nearest-model 1 "did you mean 'boosting'" "$ken" train iris.csv --target species --model boostin -o bad.ken
refuse unknown-parameter 2 "no parameter 'max_dpth'" t iris.csv --target species --set max_dpth=3
refuse nearest-parameter 2 "did you mean 'max_depth'" t iris.csv --target species --set max_dpth=3
refuse parameter-range 2 "outside its range" t iris.csv --target species --set max_depth=-5
refuse lasso-without-penalty 2 "use the model 'linear'" "$ken" train diabetes --target y --model lasso --set alpha=0
refuse polynomial-too-wide 1 "lower the degree" "$ken" train diabetes --target y --model ridge --set recipe.polynomial=12
refuse parameter-type 2 "not a whole number" t iris.csv --target species --set max_depth=deep
refuse parameter-form 2 "name=value" t iris.csv --target species --set max_depth
refuse settings-without-model 2 "settings without a model" "$ken" train iris.csv --target species --set trees=3 -o bad.ken
refuse wrong-task 1 "cannot" "$ken" train iris.csv --target species --model ridge -o bad.ken --report none
refuse task-word 2 "cannot be 'clasify'" t iris.csv --target species --task clasify
refuse test-share 2 "--test" t iris.csv --target species --test 1.5
refuse cv-one 2 "--cv" t iris.csv --target species --cv 1
refuse seed-word 2 "--seed" t iris.csv --target species --seed abc
refuse threads-zero 2 "--threads" t iris.csv --target species --threads 0
refuse isa 2 "cannot be 'mmx'" "$ken" train iris.csv --target species --isa mmx -o bad.ken
refuse unknown-metric 1 "no metric 'acuracy'" "$ken" train iris.csv --target species --metric acuracy -o bad.ken
refuse weight-column 1 "no column" t iris.csv --target species --weight wieght
refuse weight-of-names 1 "is of type category" "$ken" train iris.csv --target petal_length --weight species --model ridge -o bad.ken --report none
printf 'sepal_length,sepal_width,petal_length\n1,2,3\n' > lacks.csv
refuse predict-lacks-column 1 "petal_width" "$ken" predict iris.ken lacks.csv
sed 's/^5\.1,/wide,/' iris.csv > text.csv; refuse predict-text-for-number 1 "wide" "$ken" predict iris.ken text.csv
refuse predict-missing-model 1 "nothing.ken" "$ken" predict nothing.ken iris.csv
refuse predict-csv-as-model 1 "iris.csv" "$ken" predict iris.csv iris.csv
refuse evaluate-without-target 1 "species" bash -c "cut -d, -f1-4 iris.csv | '$ken' evaluate iris.ken -"
refuse explain-row-range 2 "no row 9999" "$ken" explain iris.ken iris.csv --row 9999
refuse explain-row-zero 2 "--row" "$ken" explain iris.ken iris.csv --row 0
refuse help-unknown 2 "did you mean 'ken help train'" "$ken" help trian
refuse models-unknown 2 "did you mean 'ridge'" "$ken" models rigde
refuse data-unknown 1 "iris" "$ken" data irsi
refuse completion-unknown 2 "bash, zsh, fish" "$ken" completion tcsh

# Files that cannot be written.
check write-full 1 "" "No space left" "$ken" predict iris.ken iris.csv -o /dev/full
check write-stdout-full 1 "" "" bash -c "'$ken' predict iris.ken iris.csv > /dev/full"
check models-stdout-full 1 "" "No space left" bash -c "'$ken' models > /dev/full"
check write-proc 1 "" "/proc" "$ken" train iris.csv --target species --model tree -o /proc/none/m.ken --report none
check write-no-folder 1 "" "no/such" "$ken" predict iris.ken iris.csv -o no/such/out.csv
check report-no-folder 1 "" "no/such" "$ken" train iris.csv --target species --model tree -o ok.ken --report no/such/r.html
check size-limit 1 "" "" bash -c "ulimit -f 1; '$ken' data credit_g -o limit.csv"
is size-limit-leaves-nothing absent limit.csv
check closed-pipe 1 "" "" bash -c "set -o pipefail; '$ken' data credit_g | true; exit \${PIPESTATUS[0]}"
is closed-pipe-is-quiet test ! -s "$work/.err"
cp iris.ken keep.ken
check failed-write-keeps-old 1 "" "" bash -c "ulimit -f 1; '$ken' train iris.csv --target species --model forest -o keep.ken --report none"
is old-file-is-whole cmp iris.ken keep.ken

# Damaged model files.
size=$(stat -c %s iris.ken)
truncated=0 flipped=0 wrong=0
for ((at = 0; at < size; at += 64)); do
  head -c "$at" iris.ken > cut.ken
  "$ken" predict cut.ken iris.csv >/dev/null 2>.err; [ $? -eq 1 ] || wrong=$((wrong + 1)); truncated=$((truncated + 1))
  cp iris.ken flip.ken
  byte=$(od -An -tu1 -j "$at" -N1 iris.ken)
  printf "\\$(printf %03o $((byte ^ 4)))" | dd of=flip.ken bs=1 seek="$at" conv=notrunc 2>/dev/null
  "$ken" predict flip.ken iris.csv >/dev/null 2>.err; [ $? -eq 1 ] || wrong=$((wrong + 1)); flipped=$((flipped + 1))
  [ "$at" -lt 6400 ] || at=$((at + 64 * 15))
done
is "all-$truncated-cut-and-$flipped-flipped-models-are-refused" test "$wrong" = 0

# Bad rows can be left out, and are counted.
check skip-bad-rows 0 "" "left out 1 row" "$ken" describe ragged.csv --skip-bad-rows
