#!/usr/bin/env python3
"""Prints elementary_tables.h: polynomial coefficients fitted with mpmath (>= 1.3) in 60 digits,
Taylor coefficients, pairs of doubles for constants, and the bits of 2/pi. Usage:
elementary_tables.py > elementary_tables.h"""
from mpmath import mp, mpf, chebyfit, erf, erfc, exp, sqrt, pi, loggamma, gamma, log, atan, floor
mp.dps = 60


def table(name, values, doc):
    body = ",\n    ".join(", ".join(float(v).hex() for v in values[i:i + 4])
                          for i in range(0, len(values), 4))
    print(f"/* {doc} */\nstatic const double ken__{name}[] = {{\n    {body}}};")


def fit(f, lo, hi, degree, shift=0):
    """Coefficients c0, c1 ... in (x - shift), near minimax on [lo, hi]."""
    return chebyfit(lambda t: f(t + shift), [mpf(lo) - shift, mpf(hi) - shift], degree + 1)[::-1]


def pair(name, value, doc):
    hi = float(value)
    table(name, [hi, float(value - mpf(hi))], doc)


print("/* Written by elementary_tables.py; do not edit. */\n#ifndef KEN_KERNELS_ELEMENTARY_TABLES_H\n"
      "#define KEN_KERNELS_ELEMENTARY_TABLES_H\n\n#include <stdint.h>\n")
table("exp_c", [1 / mp.factorial(k) for k in range(2, 14)], "exp(r) = 1 + r + r r sum c_k r^k")
table("log_c", [mpf(2) / (2 * k + 1) for k in range(1, 11)],
      "log((1+s)/(1-s)) = 2s + s sum c_k (s s)^(k+1)")
table("log_pair_c", [mpf(1) / (2 * k + 1) for k in range(3, 15)],
      "atanh(s) = s (1 + z/3 + z z/5 + z z z sum c_k z^k), z = s s")
table("sin_c", [(-1) ** k / mp.factorial(2 * k + 1) for k in range(1, 9)], "sin, from r^3")
table("cos_c", [(-1) ** k / mp.factorial(2 * k) for k in range(2, 10)], "cos, from r^4")
table("atan_c", [mpf((-1) ** k) / (2 * k + 1) for k in range(1, 8)], "atan, from t^3, |t| <= 1/15")
for name, part in (("atan_hi", 0), ("atan_lo", 1)):
    values = []
    for k in range(9):
        v = atan(mpf(k) / 8)
        values.append([float(v), float(v - mpf(float(v)))][part])
    table(name, values, "atan(k / 8), " + ("high" if part == 0 else "low") + " part")
near = lambda t: (erf(sqrt(t)) / sqrt(t) - 1) if t > 0 else 2 / sqrt(pi) - 1
table("erf_c", chebyfit(near, [mpf(0), mpf(1)], 15)[::-1], "erf(x) / x - 1 in x x, |x| <= 1")
erfcx = lambda x: erfc(x) * exp(x * x)
edges = [0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0]
print("/* exp(x x) erfc(x) on [edge i, edge i+1), in x - mid i */")
table("erfcx_edge", edges, "edges")
mids = [(a + b) / 2 for a, b in zip(edges, edges[1:])]
table("erfcx_mid", mids, "middles")
print("enum { KEN_ERFCX_TERMS = 15 };")
print(f"static const double ken__erfcx_c[{len(mids)}][KEN_ERFCX_TERMS] = {{")
for a, b, m in zip(edges, edges[1:], mids):
    c = fit(erfcx, a, b, 14, m)
    print("    {" + ", ".join(float(v).hex() for v in c) + "},")
print("};")
far = lambda u: erfcx(1 / sqrt(u)) / sqrt(u) if u > 0 else 1 / sqrt(pi)
table("erfcx_far_c", chebyfit(far, [mpf(1) / 800, mpf(1) / 36], 12)[::-1],
      "x exp(x x) erfc(x) in 1/(x x), x >= 6")
table("gamma_c", fit(gamma, 1, 2, 22, mpf(3) / 2), "gamma(1.5 + t), |t| <= 1/2")
lg2 = lambda t: loggamma(2 + t) / t if t != 0 else 1 - mp.euler
table("lgamma_c", chebyfit(lg2, [mpf(-3) / 4, mpf(1) / 2], 27)[::-1], "lgamma(2 + t) / t")
table("stirling_c", [mp.bernoulli(2 * k) / (2 * k * (2 * k - 1)) for k in range(1, 11)],
      "lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2 = sum c_k x^(1 - 2k)")
table("cbrt_c", fit(lambda x: mp.cbrt(x), 1, 8, 4, 0), "cbrt on [1, 8], a first guess")
for name, v, doc in (("ln2_dd", log(2), "log(2)"), ("inv_ln2_dd", 1 / log(2), "1 / log(2)"),
                     ("inv_ln10_dd", 1 / log(10), "1 / log(10)"),
                     ("pi_dd", pi, "pi"), ("half_pi_dd", pi / 2, "pi / 2"),
                     ("half_log_2pi_dd", log(2 * pi) / 2, "log(2 pi) / 2"),
                     ("third_dd", mpf(1) / 3, "1/3"), ("fifth_dd", mpf(1) / 5, "1/5")):
    pair(name, v, doc)
rest, parts = pi / 2, []
for _ in range(2):  # 33 bits each, so that a multiple up to 2^20 is exact
    scale = mpf(2) ** (32 - int(mp.floor(mp.log(rest, 2))))
    parts.append(floor(rest * scale) / scale)
    rest -= parts[-1]
table("half_pi_parts", parts + [mpf(float(rest)), rest - mpf(float(rest))],
      "pi / 2 in parts: 33 bits, 33 bits, a pair for the rest")
mp.dps = 500
words = []
x = 2 / pi
for _ in range(20):
    x *= mpf(2) ** 64
    w = int(floor(x))
    words.append(w)
    x -= w
print("/* 2 / pi = 0.w0 w1 w2 ... in base 2^64 */\nstatic const uint64_t ken__two_over_pi[] = {")
for i in range(0, 20, 4):
    print("    " + ", ".join(f"0x{w:016x}u" for w in words[i:i + 4]) + ",")
print("};\n\n#endif")
