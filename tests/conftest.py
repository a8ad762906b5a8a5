"""Set before SciPy is imported: the array-API check of scikit-learn then runs."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")
