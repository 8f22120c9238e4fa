"""How a training went, as a picture: the loss and, where it was looked at, dev, stage by stage."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from workers.svg import svg_of
from workers.training.steps import Look

SMOOTHED = 20  # steps that a point of the loss is the mean of, at most
LOSS, DEV = "#0072B2", "#D55E00"


def training_curve(losses: Mapping[str, Sequence[float]], looks: Sequence[Look]) -> str:
    """The picture, an SVG.

    Args:
        losses: of every step of each stage, in the order of the stages; losses of different stages do not compare.
        looks: at dev, of the stages that it has judged.
    """
    figure = Figure(figsize=(3.5 * max(1, len(losses)), 3.5), layout="constrained")
    for number, (stage, own) in enumerate(losses.items(), start=1):
        axes = figure.add_subplot(1, len(losses), number)
        width = max(1, min(SMOOTHED, len(own) // 10))
        smooth = np.convolve(own, np.full(width, 1 / width), mode="valid")
        axes.plot(np.arange(width, len(own) + 1), smooth, color=LOSS)
        axes.set(title=stage, xlabel="step")
        axes.set_ylabel("loss", color=LOSS)
        judged = [each for each in looks if each.stage == stage]
        if judged:
            dev = axes.twinx()
            dev.plot([each.step for each in judged], [each.dev for each in judged], "o-", color=DEV)
            dev.set_ylabel("dev MRR", color=DEV)
    return svg_of(figure)
