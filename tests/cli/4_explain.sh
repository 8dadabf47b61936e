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
