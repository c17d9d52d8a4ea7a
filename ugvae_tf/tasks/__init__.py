"""The tasks of evaluate.py: one file each, their request, their context and their table."""
