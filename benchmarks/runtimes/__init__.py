"""Whether today's graphs are exact, or refused, on every onnxruntime that a device may have."""
