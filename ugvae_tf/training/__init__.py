"""One training run: from a request to an exported version."""
