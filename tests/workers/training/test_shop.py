from collections import defaultdict
from pathlib import Path

from app.types import Modality
from tests.conftest import Services
from tests.workers.training.shops import Sold, stock
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.training.families import DEV_SHARE
from workers.training.shop import write_judged_set


def _judged(services: Services, folder: Path, sold: list[Sold]) -> JudgedSet:
    with services.sessions.begin() as session:
        catalogue = stock(session, services.store, "shop", sold)
        write_judged_set(session, services.store, catalogue, folder)
    return load_judged_set(folder)


def test_a_share_of_the_products_is_kept_apart_and_the_same_one_each_time(services: Services, tmp_path: Path) -> None:
    sold = [Sold(sku=f"p{number}", title=f"Thing {number}", pictures=[number]) for number in range(60)]
    judged = _judged(services, tmp_path / "one", sold)
    kept = [product.id for product in judged.products.values() if product.split == "val"]
    assert len(kept) == round(DEV_SHARE * 60)
    again = _judged(services, tmp_path / "two", sold)
    assert kept == [product.id for product in again.products.values() if product.split == "val"]
    assert sorted(query.id for query in judged.queries) == sorted(f"{sku} title" for sku in kept)
    assert not judged.missing


def test_products_of_one_title_or_picture_are_never_on_both_sides(services: Services, tmp_path: Path) -> None:
    sold = [
        Sold(sku=f"p{number}", title=f"Thing {number // 2}", pictures=[1000 + number // 3]) for number in range(240)
    ]
    judged = _judged(services, tmp_path, sold)
    sides = defaultdict(set)
    for product in judged.products.values():
        sides[product.title].add(product.split)
        sides[str(product.images[0])].add(product.split)
    assert {"train"} in sides.values()
    assert {"val"} in sides.values()
    assert {"train", "val"} not in sides.values()


def test_what_a_product_is_asked_for_by_is_not_in_the_index(services: Services, tmp_path: Path) -> None:
    sold = [
        Sold(sku=f"p{number}", title=f"Thing {number}", pictures=[number, 500 + number], sounds=[b"%d" % number])
        for number in range(20)
    ]
    judged = _judged(services, tmp_path, sold)
    asked = [query for query in judged.queries if query.modality is not Modality.TEXT]
    assert {query.modality for query in asked} == {Modality.IMAGE, Modality.SPEECH}
    for query in asked:
        (sku,) = query.relevant
        assert query.path not in judged.products[sku].images + judged.products[sku].audio
    titles = [query for query in judged.queries if query.modality is Modality.TEXT]
    assert all(query.leave_out == ("title",) for query in titles)
    assert all(len(product.images) == 2 for product in judged.products.values() if product.split == "train")
