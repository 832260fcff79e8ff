"""Whom events go to: a file or standard output, a broker, a command."""
