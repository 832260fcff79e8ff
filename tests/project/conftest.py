"""The tests of the repository as a whole share one helper module, imported by its name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
