"""The workstation's half: labelled captures become a signed bundle, and a report on it."""
