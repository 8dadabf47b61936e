"""Runs code in a Python of its own: for tests that interrupt, fork, exhaust or end the process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

SANITIZED = "KEN_PYTHON_SANITIZED" in os.environ

PRELUDE = """
import os, signal, sys, threading, time
import numpy as np
from ken._ken import Model, Table

def data(n=150_000, d=20, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=n) > 0).astype(float)

def fitted(X, y, name="boosting", settings=None, **how):
    model = Model(name, settings or ({"trees": "5"} if name == "boosting" else None))
    model.fit(X, y, **how)
    return model
"""


def run(code: str, *, before: str = "", timeout: float = 120, status: int = 0, options: tuple[str, ...] = (),
        abandons: bool = False) -> str:
    """What the code prints; it must end with that status, in time. abandons: threads in the midst of their work, too."""
    env = dict(os.environ)
    if abandons and SANITIZED:
        env["ASAN_OPTIONS"] += ":detect_leaks=0"
    done = subprocess.run([sys.executable, *options, "-c", PRELUDE + before + textwrap.dedent(code)], capture_output=True, text=True, env=env,
                          timeout=timeout * (5 if SANITIZED else 1))
    assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
