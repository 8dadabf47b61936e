"""Machine learning for tables: scikit-learn's habits, models written in C."""
from ken._ken import Table
from ken._ken import version as __version__
from ken._model import Model, load
from ken._tables import table
from ken._train import Trained, describe, read_csv, train

__all__ = ["Model", "Table", "Trained", "__version__", "describe", "load", "read_csv", "table", "train"]
