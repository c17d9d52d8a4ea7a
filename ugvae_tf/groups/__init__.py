"""Codes of groups of any size, and what is read from them: encode, similar, members, compare, representatives."""
