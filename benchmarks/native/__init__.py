"""The native engine, measured."""
