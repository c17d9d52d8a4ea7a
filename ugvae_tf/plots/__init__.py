"""Figures from arrays; nothing here saves, loads or encodes."""
