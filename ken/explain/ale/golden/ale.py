"""Golden numbers for ale_test.c: ALE by the formulas of Apley & Zhu 2020, row by row and bin by bin with numpy, of
f = 1 + a + 3 a b on 60 rows whose columns hang together, and of its logistic function.
Run: python ale.py; prints C rows."""
import numpy as np

i = np.arange(60)
a = 2 * np.mod(i * 0.618033988749895, 1) - 1
b = 0.5 * a + np.mod(i * 0.414213562373095, 1) - 0.5
f = lambda a, b: 1 + a + 3 * a * b
p = lambda a, b: 1 / (1 + np.exp(-f(a, b)))


def edges(x, K):  # inverse of the distribution function: quantiles that occur
    s = np.sort(x)
    return np.unique(np.concatenate([[s[0]], s[[-(-k * len(s) // K) - 1 for k in range(1, K + 1)]]]))


def bins(x, z):
    return np.clip(np.searchsorted(z, x, side="left") - 1, 0, len(z) - 2)


def ale1(g, K):
    z = edges(a, K)
    k = bins(a, z)
    d = g(z[k + 1], b) - g(z[k], b)
    step = np.array([d[k == j].mean() for j in range(len(z) - 1)])
    n = np.array([(k == j).sum() for j in range(len(z) - 1)])
    curve = np.concatenate([[0], np.cumsum(step)])
    return z, curve - (n * (curve[1:] + curve[:-1]) / 2).sum() / n.sum()


def ale2(g, K):
    z, w = edges(a, K), edges(b, K)
    k, m = bins(a, z), bins(b, w)
    d = (g(z[k + 1], w[m + 1]) - g(z[k], w[m + 1])) - (g(z[k + 1], w[m]) - g(z[k], w[m]))
    n = np.zeros((K, K))
    step = np.zeros((K, K))
    for r in range(len(a)):
        n[k[r], m[r]] += 1
        step[k[r], m[r]] += d[r]
    known = [(x, y) for x in range(K) for y in range(K) if n[x, y]]
    for x, y in known:
        step[x, y] /= n[x, y]
    for x in range(K):
        for y in range(K):
            if not n[x, y]:
                near = min(known, key=lambda c: (c[0] - x) ** 2 + (c[1] - y) ** 2)
                step[x, y] = step[near]
    plane = np.zeros((K + 1, K + 1))
    plane[1:, 1:] = step.cumsum(0).cumsum(1)
    D = np.diff(plane, axis=0)
    first = np.concatenate([[0], np.cumsum((n * (D[:, :-1] + D[:, 1:]) / 2).sum(1) / n.sum(1))])
    D = np.diff(plane, axis=1)
    second = np.concatenate([[0], np.cumsum((n * (D[:-1] + D[1:]) / 2).sum(0) / n.sum(0))])
    plane -= first[:, None] + second[None, :]
    mid = (plane[1:, 1:] + plane[:-1, 1:] + plane[1:, :-1] + plane[:-1, :-1]) / 4
    return plane - (n * mid).sum() / n.sum(), int((n == 0).sum())


row = lambda v: "{" + ", ".join(repr(float(x)) for x in np.ravel(v)) + "},"
for g in (f, p):
    z, curve = ale1(g, 6)
    print(row(z), row(curve), sep="\n")
    plane, empty = ale2(g, 4)
    print("/* empty cells:", empty, "*/", row(plane))
