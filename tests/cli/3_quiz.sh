# ken quiz: a session from standard input, progress in a file, and what can go wrong.
quiz() { local input=$1; shift; printf "$input" | "$ken" quiz --progress progress.json "$@"; }
check quiz-help 0 "ken quiz" - "$ken" quiz --help
check quiz-list 0 "fundamentals" - "$ken" quiz --list --progress none.json
check quiz-list-json 0 '"due": 0' - "$ken" quiz --list --json --progress none.json
check quiz-answers 0 "1 of 1 known" - quiz '\n3\n' --cards 1 --date 2026-11-29
is quiz-keeps-progress grep -q '"last": "2026-11-29"' progress.json
check quiz-asks-later 0 "nothing is due" - quiz '' --new 0 --date 2026-11-30
check quiz-comes-back 0 "1 due" - quiz '\n1\n\n4\n' --new 0 --date 2026-12-25
is quiz-counts-lapses grep -q '"lapses": 1' progress.json
check quiz-skips 0 "1 skipped" - quiz 's\n\n2\n' --cards 2 --date 2027-06-01
check quiz-a-wrong-grade-asks-again 0 "a grade from 1" - quiz '\n7\n3\n' --cards 1 --date 2028-06-01
check quiz-ends-with-input 0 "" - quiz '\n' --cards 3 --date 2029-06-01
check quiz-mock 0 "against the clock" - quiz '\n3\n' --mock 5 --cards 1 --date 2029-07-01
check quiz-export 0 - - quiz '' --export out.json
printf '{"ken":"progress","version":1,"lessons":{"ridge":{"read":[1,2.5,true,null,"x"]}},"cards":{"bias-variance":{"stability":50.5,"difficulty":3,"last":"2035-01-01","reviews":9,"lapses":1},"of-a-lesson":{"stability":4,"difficulty":5,"last":"2030-01-01","reviews":1,"lapses":0}}}' > hub.json
check quiz-import 0 - - "$ken" quiz --import hub.json --progress new.json
is quiz-import-takes-the-later grep -q '50.5' new.json
check quiz-keeps-what-is-the-hubs 0 "1 of 1 known" - bash -c "printf '\n3\n' | '$ken' quiz --progress hub.json --date 2036-01-01 --cards 1"
is quiz-hub-members-stay python3 -c '
import json
d = json.load(open("hub.json"))
assert d["lessons"]["ridge"]["read"] == [1, 2.5, True, None, "x"] and d["cards"]["of-a-lesson"]["stability"] == 4, d'
check quiz-no-such-deck 2 - "did you mean 'fundamentals'" "$ken" quiz --deck fundamentls
check quiz-bad-date 2 - "2026-02-30" "$ken" quiz --date 2026-02-30
echo '{"x":1}' > x.json; echo '{"ken"' > y.json
check quiz-not-progress 1 - "is not a progress file" "$ken" quiz --progress x.json
check quiz-broken-progress 1 - "y.json" "$ken" quiz --progress y.json
check quiz-import-missing 1 - "gone.json" "$ken" quiz --import gone.json --progress new.json
check quiz-cannot-write 1 "" "/dev/full" bash -c "printf '\n3\n' | '$ken' quiz --progress /dev/full/p.json --cards 1"
check learn-without-hub 1 - "make hub" "$ken" learn --site /nowhere
check learn-help 0 "ken learn" - "$ken" learn --help
