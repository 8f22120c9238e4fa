"""A drawn figure as the SVG element that a page can hold or a file can be."""

from io import StringIO

from matplotlib.figure import Figure


def svg_of(figure: Figure) -> str:
    """The figure, without a date, so that the same figure gives the same text."""
    written = StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()[written.getvalue().index("<svg") :]
