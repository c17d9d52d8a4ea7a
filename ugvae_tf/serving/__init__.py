"""Exported models: export, description without TensorFlow, and inference in this process or on a server."""
