#!/usr/bin/env python3
"""Writes ken/core/number_powers.h: the leading 128 bits of 10^q for q in [-342, 324].

Entry q is 10^q scaled by a power of two into [2^127, 2^128), as (high, low) words. For q >= 0 it is
rounded down, for q < 0 up, which is what the proof behind the decimal reader asks for (Mushtak and
Lemire 2023, Fast number parsing without fallback). The printer wants it rounded up for q > 55 too
(where 5^q has more than 128 bits) and adds the 1 itself. Usage: make_powers.py > number_powers.h"""
FIRST, LAST = -342, 324


def entry(q):
    if q >= 0:
        value = 5 ** q
        shift = value.bit_length() - 128
        return value >> shift if shift > 0 else value << -shift
    five = 5 ** -q
    bits = 2 * five.bit_length() + 256
    value = (1 << bits) // five + 1
    shift = value.bit_length() - 128
    return ((1 << (bits - shift)) // five) + 1


print("/* Written by tools/make_powers.py: the leading 128 bits of 10^q, q = %d .. %d. */" % (FIRST, LAST))
row = []
for q in range(FIRST, LAST + 1):
    v = entry(q)
    assert v.bit_length() == 128
    print("{0x%016xu, 0x%016xu}," % (v >> 64, v & (2 ** 64 - 1)))
