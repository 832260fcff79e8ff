"""Helpers of the camera's tests are imported by their names."""

import sys
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parent))
cv2.setNumThreads(1)
