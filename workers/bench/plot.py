"""A picture of what `triseek bench rank` measured."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from workers.bench.measure import Measured
from workers.svg import svg_of

ENOUGH = 0.99  # recall from which an index's times can be compared with the others'


def times_plot(measured: Sequence[Measured]) -> str:
    """Median times by filter, each index a line; a hollow point found too little for its time to count."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    filters = [row.field or "none" for row in measured[0].searched]
    for each in measured:
        times = [row.p50 for row in each.searched]
        (line,) = axes.plot(filters, times, label=each.engine, linewidth=2 if each is measured[0] else 1)
        for place, row in enumerate(each.searched):
            fine = row.recall >= ENOUGH and row.complete
            axes.plot(place, row.p50, "o", color=line.get_color(), fillstyle="full" if fine else "none")
    axes.set(xlabel="filter keeps", ylabel="p50, ms", yscale="log")
    axes.set_title(f"Ten hits; hollow: recall@10 below {ENOUGH}, or too few")
    axes.grid(alpha=0.3)
    axes.legend()
    return svg_of(figure)
