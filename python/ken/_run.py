"""What every call that takes a while has in common: seed, threads, a bar."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Optional

Progress = Callable[[str, int, int, float, float], None]


def seed_of(random_state: Any) -> int:
    """The library's seed: None is 0, so that the same call gives the same result."""
    if random_state is None:
        return 0
    if hasattr(random_state, "integers"):  # a Generator of NumPy
        return int(random_state.integers(0, 2**31))
    if hasattr(random_state, "randint"):  # a RandomState
        return int(random_state.randint(0, 2**31 - 1))
    seed = int(random_state)
    if seed < 0:
        raise ValueError(f"random_state must not be negative, found {seed}")
    return seed


def cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of(n_jobs: Optional[int]) -> int:
    """Threads of a call. None: all CPUs, at most KEN_NUM_THREADS or OMP_NUM_THREADS; -1: all. Results never depend on it."""
    if n_jobs is None:
        most = cpus()
        for name in ("KEN_NUM_THREADS", "OMP_NUM_THREADS"):
            text = os.environ.get(name, "")
            if text.isdigit() and int(text) > 0:
                return min(most, int(text))
        return most
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0; give None, -1 or a number of threads")
    return max(1, cpus() + 1 + int(n_jobs)) if n_jobs < 0 else int(n_jobs)


class Bar:
    """Progress as a bar of tqdm where that is installed, else as a line on stderr. A context manager: closes the bar."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self._what = ""
        self._bar: Any = None

    def __enter__(self) -> Optional[Progress]:
        return self._step if self.verbose else None

    def __exit__(self, *unused: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._what:
            sys.stderr.write("\n")
        self._bar, self._what = None, ""

    def _step(self, what: str, iteration: int, total: int, objective: float, validation: float) -> None:
        if what != self._what:
            self._close()
            self._what = what
            try:
                from tqdm.auto import tqdm

                self._bar = tqdm(total=total or None, desc=what, leave=False)
            except ImportError:
                self._bar = None
        if self._bar is None:
            share = f"{iteration}/{total}" if total else f"step {iteration}"
            sys.stderr.write(f"\r{what} {share}  ")
            return
        if total:
            self._bar.total = total
        self._bar.update(iteration - self._bar.n)
        if objective == objective:
            self._bar.set_postfix_str(f"objective {objective:.4g}")
