"""`--loss text-image=triplet`: which loss a pair of modalities is trained with."""

from collections.abc import Mapping, Sequence

import click

from workers.training.settings import DEFAULT_LOSSES, LOSSES


class LossChoice(click.ParamType[tuple[str, str]]):
    """A pair of modalities and its loss, as `pair=loss`; the modalities stand in any order."""

    name = "PAIR=LOSS"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The pair's name and the loss; fails with what there is to choose from."""
        if isinstance(value, tuple):
            return value
        given, _, loss = value.partition("=")
        pair = given if given in DEFAULT_LOSSES else "-".join(reversed(given.split("-")))
        if pair not in DEFAULT_LOSSES:
            self.fail(f"{given!r} is no pair of modalities; there are {', '.join(DEFAULT_LOSSES)}.", param, ctx)
        if loss not in LOSSES:
            self.fail(f"{loss!r} is no loss; there are {', '.join(LOSSES)}, as in {pair}={LOSSES[0]}.", param, ctx)
        return pair, loss


loss_option = click.option(
    "--loss",
    "losses",
    type=LossChoice(),
    multiple=True,
    help=f"Train a pair of modalities with {', '.join(LOSSES[:-1])} or {LOSSES[-1]}; may be given several times.",
)


def chosen_losses(choices: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The loss of each pair of modalities: as chosen, the last choice of a pair, or as usual."""
    return {**DEFAULT_LOSSES, **dict(choices)}
