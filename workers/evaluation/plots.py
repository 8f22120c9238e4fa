"""Pictures of an evaluation, each an SVG that stands on its own."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from app.types import Modality
from workers.evaluation.judging import ALL
from workers.evaluation.matrix import Group
from workers.evaluation.metrics import recall_at
from workers.evaluation.scoring import Index
from workers.svg import svg_of

FURTHEST = 50  # rank that the recall curve goes to
POINTS = 1500  # of a modality on the map, at most
# Told apart with any kind of colour vision (Okabe and Ito, 2008, "Color universal design").
COLOURS: Mapping[Modality, str] = {Modality.TEXT: "#0072B2", Modality.IMAGE: "#E69F00", Modality.SPEECH: "#009E73"}


def matrix_plot(groups: Sequence[Group], metric: str) -> str:
    """A metric by what queries are (rows) and what they are compared with (columns)."""
    rows, columns = sorted({group.query for group in groups}), sorted({group.against for group in groups})
    values = np.full((len(rows), len(columns)), np.nan)
    for group in groups:
        values[rows.index(group.query), columns.index(group.against)] = group.mean(metric)
    figure = Figure(figsize=(5, 1 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set(xlabel="products by", ylabel="queries by", title=metric)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            shade = "black" if value > 0.6 else "white"
            axes.text(column, row, f"{value:.3f}", ha="center", va="center", color=shade)
    return svg_of(figure)


def recall_plot(groups: Sequence[Group]) -> str:
    """Recall within the first k against all modalities, by what queries are."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    cuts = range(1, FURTHEST + 1)
    for group in groups:
        if group.against == ALL:
            recalls = [np.mean([recall_at(k, each.ranks) for each in group.judgements]) for k in cuts]
            axes.plot(cuts, recalls, label=f"{group.query} ({len(group.judgements)})")
    axes.set(xlabel="k", ylabel="recall within the first k", title="Against all modalities", ylim=(0, 1.02))
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axes.grid(alpha=0.3)
    axes.legend()
    return svg_of(figure)


def map_plot(index: Index) -> str:
    """The products' vectors on the plane in which they spread most, by principal components."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    drawn = {modality: stored.vectors[:POINTS] for modality, stored in index.modalities.items()}
    together = np.concatenate(list(drawn.values()))
    components = PCA(2, random_state=0).fit(together)
    for modality, vectors in drawn.items():
        across, up = components.transform(vectors).T
        axes.scatter(across, up, s=6, alpha=0.6, color=COLOURS[modality], label=f"{modality} ({len(vectors)})")
    share = components.explained_variance_ratio_.sum()
    axes.set(title=f"Products' vectors: the plane that holds {share:.0%} of their spread", xticks=[], yticks=[])
    axes.legend()
    return svg_of(figure)
