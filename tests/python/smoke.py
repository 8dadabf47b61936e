"""In an environment of ken and NumPy alone: a model learns, and nothing else was loaded for it."""
import sys

import ken
import ken._ken

assert "numpy" not in sys.modules, "import ken loads NumPy before it is needed"
import numpy as np

X = np.arange(12.0).reshape(6, 2) ** 2
y = X @ [1.0, 2.0] + 3.0
model = ken._ken.Model("linear")
model.fit(ken._ken.Table.from_matrix(X), y, task="regress")
np.testing.assert_allclose(model.predict(X).ravel(), y, rtol=1e-9)
assert model.attr("coef") is not None
for name in ("sklearn", "scipy", "pandas", "polars", "pyarrow"):
    assert name not in sys.modules, name
print("Python", sys.version.split()[0], "NumPy", np.__version__, "ken", ken.__version__)
