#!/usr/bin/env python3
"""Writes tfidf_unicode.h from Python's own tables: which code points are in words (\\w of re: letters,
digits, _) and the simple lower case of each. Run: python3 tfidf_unicode.py > tfidf_unicode.h"""
import sys, unicodedata

def runs(test):
    out, start = [], None
    for c in range(0x110000):
        if test(chr(c)):
            start = c if start is None else start
        elif start is not None:
            out.append((start, c - 1))
            start = None
    return out

def lower_runs():
    """(first, last, step, delta): code points first, first + step ... last move by delta."""
    moves = [(c, ord(chr(c).lower()) - c) for c in range(0x110000)
             if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c)]
    out = []
    for c, delta in moves:
        if out and out[-1][3] == delta:
            first, last, step, _ = out[-1]
            gap = c - last
            if (first == last and gap in (1, 2)) or gap == step:
                out[-1] = (first, c, gap, delta)
                continue
        out.append((c, c, 1, delta))
    return out

def table(rows, per):
    lines = ["    " + " ".join("{" + ", ".join(str(v) for v in r) + "}," for r in rows[i:i + per])
             for i in range(0, len(rows), per)]
    return "\n".join(lines)

words, lower = runs(lambda s: s.isalnum() or s == "_"), lower_runs()
print(f"""/* Written by tfidf_unicode.py from Unicode {unicodedata.unidata_version}: word characters and lower case. */
#ifndef KEN_PREPROCESS_TFIDF_UNICODE_H
#define KEN_PREPROCESS_TFIDF_UNICODE_H

#include <stdint.h>

/* First and last code point of each run of word characters, ascending. */
static const uint32_t tfidf_words[{len(words)}][2] = {{
{table(words, 6)}
}};

/* first, last, step, what is added for lower case; ascending. */
static const int32_t tfidf_lowers[{len(lower)}][4] = {{
{table(lower, 4)}
}};

#endif""")
