#!/usr/bin/env python3
"""gen.py OUTDIR < catalog.json: writes what follows from the catalogue into the package folder OUTDIR.

The build runs it with what `ken models --json` prints on standard input; OUTDIR is .../python/ken.
"""
import json
import pathlib
import sys


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    catalog = json.load(sys.stdin)
    (out / "_catalog.json").write_text(json.dumps(catalog, indent=1), encoding="utf-8")


main()
