"""Signed pickles: verified, read by an audit that executes nothing, unpickled in a child."""
