"""Motion: what changed against a background that adapts, as a mask and as boxes.

    detector = MotionDetector(MotionSettings())
    motion = detector.step(frame, time_s)     # frame (h, w) grey or (h, w, 3) BGR, uint8
    motion.boxes, motion.reason, motion.full_mask()

All arithmetic on pixels is integer, so the same frames give the same masks on every processor.
"""

from examples.camera.motion.detector import Motion, MotionDetector
from examples.camera.motion.settings import MotionSettings

__all__ = ["Motion", "MotionDetector", "MotionSettings"]
