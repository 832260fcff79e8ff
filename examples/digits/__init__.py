"""The main job on handwritten digits, from the training to a device that is cut off."""
