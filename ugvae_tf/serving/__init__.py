"""Exported models: writing them, reading them without TensorFlow, calling them here or on a server."""
