"""Snapshots and clips, only where they are asked for."""
