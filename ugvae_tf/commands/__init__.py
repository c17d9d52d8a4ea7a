"""Flags to requests, without TensorFlow: `--help` and a bad flag answer at once."""
