"""One page about a model: its card, its training, and the verdict, table and figures of every task."""
