import gzip
from pathlib import Path

import pytest

from app.errors import DictionaryInvalid
from workers.training.dictionary import translation_pairs
from workers.training.freedict import DIGITS, Translation, translations


def _base64(number: int) -> str:
    return (_base64(number // 64) if number >= 64 else "") + DIGITS[number % 64]


def _dictionary(folder: Path, name: str, entries: list[tuple[str, str]]) -> None:
    written, index = b"", []
    for word, body in entries:
        entry = f"{word} /x/ <n>\n{body}\n".encode()
        index.append(f"{word.lower()}\t{_base64(len(written))}\t{_base64(len(entry))}\n")
        written += entry
    (folder / f"freedict-{name}.dict.dz").write_bytes(gzip.compress(written))
    (folder / f"freedict-{name}.index").write_text("".join(index), encoding="utf-8")


def test_words_come_with_their_commonest_meaning_from_dictionaries_of_both_directions(tmp_path: Path) -> None:
    _dictionary(
        tmp_path,
        "deu-eng",
        [
            ("Hund", "mine car <n>, tub <n>"),
            ("Hund", " [zool.] dog <n>, hound <n>"),
            ("laufen", "run"),
            ("der Hund da", "x"),
        ],
    )
    _dictionary(tmp_path, "eng-fra", [("umbrella", "1. parapluie\n2. ombrelle"), ("a very long English name", "nom")])
    _dictionary(tmp_path, "deu-fra", [("Katze", "chat")])
    assert translations(tmp_path) == [Translation("de", "Hund", "dog"), Translation("fr", "parapluie", "umbrella")]


def test_words_that_name_nothing_are_left_out(tmp_path: Path) -> None:
    _dictionary(tmp_path, "fra-eng", [("est", "east"), ("parapluie", "umbrella")])
    assert translations(tmp_path) == [Translation("fr", "parapluie", "umbrella")]


def test_a_word_is_paired_with_its_meaning_alone_or_in_a_phrase() -> None:
    pairs = list(translation_pairs([Translation("de", f"Wort{number}", "word") for number in range(40)], seed=0))
    asked = [pair.left[1].text for pair in pairs]  # type: ignore[attr-defined]
    assert {pair.right[1].text for pair in pairs} == {"word"}  # type: ignore[attr-defined]
    assert 0 < sum(text.startswith("Wort") for text in asked) < 40
    assert all(f"Wort{number}" in text for number, text in enumerate(asked))


@pytest.mark.parametrize("damage", ["empty", "cut short", "no number"])
def test_what_is_no_dictionary_is_refused(tmp_path: Path, damage: str) -> None:
    if damage != "empty":
        _dictionary(tmp_path, "deu-eng", [("Hund", "dog")])
        path = tmp_path / "freedict-deu-eng.dict.dz"
        if damage == "cut short":
            path.write_bytes(path.read_bytes()[:-12])
        else:
            (tmp_path / "freedict-deu-eng.index").write_text("hund\t!\tB\n", encoding="utf-8")
    with pytest.raises(DictionaryInvalid):
        translations(tmp_path)
