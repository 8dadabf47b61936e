"""Golden numbers for interaction_test.c: the H-statistics of Friedman & Popescu 2008 by three loops, of the logistic
function of 1 + a + 3 a b on 60 rows whose columns hang together (a third column does nothing). Prints C rows."""
import numpy as np

i = np.arange(60)
X = np.column_stack([2 * np.mod(i * 0.618033988749895, 1) - 1, np.mod(i * 0.414213562373095, 1) - 0.5, i % 3])
X[:, 1] += 0.5 * X[:, 0]
f = lambda X: 1 / (1 + np.exp(-(1 + X[:, 0] + 3 * X[:, 0] * X[:, 1])))


def pd(S):
    out = np.empty(len(X))
    for r in range(len(X)):
        Z = X.copy()
        Z[:, S] = X[r, S]
        out[r] = f(Z).mean()
    return out - out.mean()


F = f(X) - f(X).mean()
for j in range(3):
    rest = [k for k in range(3) if k != j]
    d = F - pd([j]) - pd(rest)
    print("{", repr(float(np.sqrt((d**2).sum() / (F**2).sum()))), ",", repr(float(np.sqrt((d**2).mean()))), "},")
for a, b in ((0, 1), (0, 2), (1, 2)):
    J = pd([a, b])
    d = J - pd([a]) - pd([b])
    print(a, b, "{", repr(float(np.sqrt((d**2).sum() / (J**2).sum()))), ",", repr(float(np.sqrt((d**2).mean()))), "},")
