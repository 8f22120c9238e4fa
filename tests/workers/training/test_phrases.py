from pathlib import Path

from workers.evaluation.judged import JudgedProduct, JudgedSet
from workers.training.phrases import phrase_pairs


def _product(number: int, **attributes: str) -> JudgedProduct:
    return JudgedProduct(
        id=f"p{number}",
        title=f"Thing {number}",
        description="",
        attributes=attributes,
        titles={},
        images=(Path(f"{number}.jpg"),),
        audio=(),
        split="train",
    )


def _judged(*products: JudgedProduct) -> JudgedSet:
    return JudgedSet(name="shop", products={product.id: product for product in products}, queries=())


def test_phrases_are_made_of_what_a_product_shares_with_others() -> None:
    judged = _judged(
        *(
            _product(number, category="Apparel/Jeans", colour="Black", year="2011", maker=f"M{number}")
            for number in range(3)
        )
    )
    texts = {pair.left[1].text for pair in phrase_pairs(judged, seed=0)}  # type: ignore[attr-defined]
    assert texts <= {"Jeans", "Black", "Jeans Black", "Black Jeans"}
    assert len(texts) > 1


def test_a_picture_that_a_phrase_is_true_of_is_the_same_thing_as_the_phrase() -> None:
    products = [_product(number, article="Jeans", colour="Black" if number < 3 else "Red") for number in range(6)]
    pairs = list(phrase_pairs(_judged(*products), seed=0))
    for asked in pairs:
        words = set(asked.left[1].text.split())  # type: ignore[attr-defined]
        for shown in pairs:
            product = products[int(shown.right[1].path.stem)]  # type: ignore[attr-defined]
            true = words <= set(product.attributes.values())
            assert bool(asked.left_things & shown.right_things) == true


def test_the_same_seed_makes_the_same_phrases_and_other_splits_are_left_alone() -> None:
    judged = _judged(*(_product(number, article="Jeans", colour="Black", size="L 1") for number in range(3)))
    first, second = (list(phrase_pairs(judged, seed=1)) for _ in range(2))
    assert first == second
    assert not list(phrase_pairs(judged, seed=1, split="test"))
