"""The tasks of evaluate.py: one file each, their table and what they run on."""
