"""Machine learning for tables: scikit-learn's habits, models written in C."""
from ken._ken import version as __version__

__all__ = ["__version__"]
