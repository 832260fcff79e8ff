"""The camera beside its peers, on recordings with labels. Each file says how to run it."""
