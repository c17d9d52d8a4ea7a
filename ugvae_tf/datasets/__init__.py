"""Data sets: loading of images, in memory or streamed, and forming of groups."""
