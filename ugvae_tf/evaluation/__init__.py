"""Measures of arrays: codes and labels in, numbers out; and which images form the groups that are measured."""
