"""Measures of a trained model from arrays alone: codes and labels in, numbers out."""
