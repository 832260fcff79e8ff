"""A camera that sees motion and faces, without a network: `python -m examples.camera --help`."""
