"""Labelled traffic of our own making, between hosts that live in namespaces; see README.md."""
