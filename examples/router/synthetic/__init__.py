"""Captures made by a script: labelled, seeded, and varied so that nothing but behaviour is learned.

They stand beside recordings, not in their place: the recordings tell whether what was learned
here holds.
"""
