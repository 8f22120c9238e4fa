from dataclasses import replace
from pathlib import Path

from app.types import Modality
from tests.workers.cli.test_align import add_products
from tests.workers.training.sets import judged_set
from workers.encodings import TextContent
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.training.families import DEV_SHARE
from workers.training.held_out import with_dev
from workers.training.pairs import pairs_of


def _all_train(folder: Path) -> JudgedSet:
    judged_set(folder)
    add_products(folder, 37)
    judged = load_judged_set(folder)
    products = {name: replace(product, split="train") for name, product in judged.products.items()}
    return replace(judged, products=products, queries=tuple(replace(query, split="train") for query in judged.queries))


def test_what_is_kept_apart_is_asked_for_and_not_learnt_from(tmp_path: Path) -> None:
    (found,) = with_dev([_all_train(tmp_path)])
    kept = {name for name, product in found.products.items() if product.split == "val"}
    assert len(kept) == round(DEV_SHARE * 40)
    asked = found.of_split("val")
    assert all(query.relevant <= kept for query in asked)
    titles = [query for query in asked if query.id.endswith(" title")]
    assert {query.text for query in titles} == {found.products[name].title for name in kept}
    assert all(query.leave_out == ("title",) and query.modality is Modality.TEXT for query in titles)
    learnt = {pair.left[1].text for pair in pairs_of(found) if isinstance(pair.left[1], TextContent)}
    assert learnt
    assert not learnt & {query.text for query in asked}


def test_the_same_products_are_kept_apart_each_time(tmp_path: Path) -> None:
    judged = _all_train(tmp_path)
    assert with_dev([judged]) == with_dev([judged])


def test_sets_that_have_something_to_judge_by_stay_as_they_are(tmp_path: Path) -> None:
    without = _all_train(tmp_path)
    usual = load_judged_set(tmp_path)
    assert with_dev([without, usual]) == [without, usual]
