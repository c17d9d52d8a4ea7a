"""The commands: flags to requests. `--help` and invalid flags do not import TensorFlow."""
