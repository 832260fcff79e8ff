"""edge_infer lies in runtime.zip, beside this folder: import it from there."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "runtime.zip"))
del sys.modules[__name__]
import edge_infer  # noqa: F401
