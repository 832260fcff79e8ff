"""A camera that sees motion and faces, without a network: `python -m examples.camera --help`."""

import os

# OpenCV reads this once, when it is imported: a small file may claim a picture of gigabytes.
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(1 << 27)
