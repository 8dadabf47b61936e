"""The build back end: scikit-build-core's, without source distributions.

The library lies one folder above this one, where an archive of this folder cannot reach: such an archive
would promise a build and not hold it. pip takes the whole repository instead.
"""
from scikit_build_core.build import *  # noqa: F403
from scikit_build_core.build import __all__ as _hooks

__all__ = [hook for hook in _hooks if hook not in ("build_sdist", "get_requires_for_build_sdist")]


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit(
        "ken has no source distribution: the library's sources are one folder above python/. Build a wheel "
        "(make python, or pip wheel ./python), or let pip take the repository: "
        "pip install 'ken @ git+URL-OF-THE-REPOSITORY#subdirectory=python'"
    )
