"""The colours of charts: told apart by the colour-blind, too, and in grey on paper.

Belongs here: colours. Not here: which series bears which.
"""

INK, FAINT, RULE, BAND = "#22303A", "#5F6B73", "#D5DBDF", "#F3F5F6"

# Okabe and Ito (2008), in an order in which neighbours differ in lightness, too.
BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#8A949B",
)

SERIES_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, GREY)
"""Colours of series without one of their own, in order."""

COLOURS = {
    "red": "#B3261E",
    "yellow": "#E8A800",
    "blue": "#2F7FC1",
    "gain": BLUE,
    "loss": VERMILION,
    "main": BLUE,
    "second": ORANGE,
    "third": GREEN,
    "rest": GREY,
    "ink": INK,
}
"""Colours with a meaning: warnings, gains and losses, what a chart speaks of and the rest."""
