"""Data sets: from names to images in memory or streamed, and from images to groups."""
