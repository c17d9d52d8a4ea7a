"""The explorer: a page in the browser that decodes while sliders move, from a local server or from one file."""
