"""Colours and markers that colour-blind readers can tell apart."""

# Paul Tol's "muted" palette, and black; its pale grey is for "random".
COLOURS = (
    "#332288", "#CC6677", "#117733", "#DDCC77", "#88CCEE", "#882255", "#44AA99", "#AA4499", "#999933", "#000000"
)  # fmt: skip
GREY = "#BBBBBB"
MARKERS = "os^DvPX*hp"
INK = "#444444"  # of captions
FRAME = "#EE7733"  # orange, which stands out from black, white and grey


def style(place: int) -> tuple[str, str]:
    """Colour and marker of the category at a place: no two of the first hundred are the same."""
    return COLOURS[place % len(COLOURS)], MARKERS[(place + place // len(COLOURS)) % len(MARKERS)]
