"""The command line: `replay`, `watch` and `train`, one file each."""
