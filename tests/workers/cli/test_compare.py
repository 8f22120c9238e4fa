"""`triseek align compare` on a set that is small enough to be trained on in seconds."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.workers import pictures, sounds
from tests.workers.encoders import checkpoints
from tests.workers.training.sets import judged_set
from workers.cli.compare import compare
from workers.cli.compare_choice import Part, limited, read_choice
from workers.cli.compare_encoders import mean_of_segments
from workers.evaluation.judged import load_judged_set
from workers.training.pair_sets import SMALLEST


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judged set with pictures, recordings and names in French, and two checkpoints."""
    folder = tmp_path_factory.mktemp("compared")
    judged_set(folder)
    rows: dict[str, list[dict[str, object]]] = {"catalogue": [], "queries": []}
    for number in range(2 * SMALLEST):
        name, split = str(number), "val" if number % 10 == 0 else "train"
        Image.fromarray(pictures.noise(40, 40, seed=100 + number)).save(folder / f"{name}.png")
        tone = sounds.tone(16_000, 0.3, hertz=200 + 20 * number)
        (folder / f"{name}.wav").write_bytes(sounds.encoded(tone, 16_000, "wav", "pcm_s16le"))
        product = {"id": name, "title": f"Shoe {name}", "images": [f"{name}.png"], "audio": [f"{name}.wav"]}
        rows["catalogue"].append({**product, "split": split})
        said = {"id": f"said {name}", "modality": "speech", "audio": f"{name}.wav"}
        written = {"id": f"written {name}", "modality": "text", "text": f"chaussure {name}", "lang": "fr"}
        shared = {"relevant": [name], "split": split, "leave_out": ["title"]}
        rows["queries"] += [{**query, **shared} for query in (said, written)]
    for name, added in rows.items():
        with (folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in added)
    checkpoints.bert(folder / "bert")
    checkpoints.resnet(folder / "resnet")
    return folder


def _run(folder: Path, *options: str) -> Result:
    files = ["--data", str(folder), "--cache", str(folder / "cache"), "--json", str(folder / "table.json")]
    return CliRunner().invoke(compare, [*files, "--steps", "2", "--threads", "1", *options])


def _table(folder: Path) -> dict[str, dict[str, object]]:
    return {row["choice"]: row for row in json.loads((folder / "table.json").read_text())}


def test_each_choice_is_measured_by_what_it_changes(folder: Path) -> None:
    small = f"text={folder / 'bert'},image={folder / 'resnet'}"
    choices = [f"small={small}", f"short={small},speech=mfcc,dim=64", "sound=speech=mfcc"]
    run = _run(folder, *(option for choice in choices for option in ("--choice", choice)))
    assert run.exit_code == 0, (run.output, run.exception)
    table = _table(folder)
    seen = {("text", "image"), ("image", "all"), ("text, not English", "text")}
    spoken = {("speech", "text")}
    asked = {name: {(row["query"], row["against"]) for row in own["rows"]} for name, own in table.items()}
    assert asked == {"small": seen, "short": seen | spoken, "sound": spoken}
    assert [own["dim"] for own in table.values()] == [512, 64, 512]
    numbers = {name: {by: each["numbers"] for by, each in own["encoders"].items()} for name, own in table.items()}
    assert numbers["short"] == {"text": 32, "image": 24, "speech": 40}
    assert numbers["sound"] == {"speech": 40}
    assert all(each["ms"] > 0 for own in table.values() for each in own["encoders"].values())
    assert all(0 < row["MRR"] <= 1 for own in table.values() for row in (each["metrics"] for each in own["rows"]))
    counts = {(row["query"], row["against"]): (row["n"], row["index"]) for row in table["short"]["rows"]}
    assert counts["speech", "text"] == (4, 6)
    assert counts["text, not English", "text"] == (5, 6)  # four in French, and one in Chinese


def test_the_same_choice_under_two_names_finds_the_same(folder: Path) -> None:
    choices = ("--choice", "one=speech=mfcc", "--choice", "other=speech=mfcc")
    run = _run(folder, *choices)
    assert run.exit_code == 0, (run.output, run.exception)
    table = _table(folder)
    assert table["one"]["rows"] == table["other"]["rows"]


def test_recordings_can_be_the_mean_of_their_segments(folder: Path) -> None:
    run = _run(folder, "--choice", "mean=pooling=mean")
    assert run.exit_code == 0, (run.output, run.exception)
    (speech,) = _table(folder)["mean"]["encoders"].values()
    assert (speech["id"].partition("@")[0], speech["numbers"]) == ("whisper-base-segments-mean", 512)


def test_tokens_and_cells_can_be_attended_to_or_be_their_mean(folder: Path) -> None:
    parts = "text=multilingual-e5-small-tokens,image=efficientnet-lite2-grid"
    run = _run(folder, "--choice", f"attention={parts}", "--choice", f"mean={parts},pooling=mean")
    assert run.exit_code == 0, (run.output, run.exception)
    attention, mean = (_table(folder)[name] for name in ("attention", "mean"))
    assert {(row["query"], row["against"]) for row in attention["rows"]} >= {("text", "image"), ("image", "all")}
    assert {own["numbers"] for own in attention["encoders"].values()} == {32 * 384, 16 * 1280}
    assert {own["numbers"] for own in mean["encoders"].values()} == {384, 1280}
    assert attention["rows"] != mean["rows"]


def test_the_mean_leaves_out_what_is_behind_the_end() -> None:
    outputs = np.array([[1, 2, 3, 4, 0, 0], [0, 0, 0, 0, 0, 0]], np.float32)  # three segments of two numbers
    assert mean_of_segments(outputs, 2).tolist() == [[2, 3], [0, 0]]


def test_only_so_many_products_are_learnt_from_and_all_of_dev_is_kept(folder: Path) -> None:
    judged = load_judged_set(folder)
    seen, spoken = (limited(judged, part, 5) for part in Part)
    assert [product.split for product in seen.products.values()].count("train") == 5
    assert seen.products.keys() == spoken.products.keys()
    assert {query.id for query in judged.of_split("val")} == {
        query.id for own in (seen, spoken) for query in own.of_split("val")
    }
    assert {query.modality for query in spoken.queries} == {"speech"}
    assert not any(product.images for product in spoken.products.values())


def test_names_in_other_languages_are_to_find_titles(folder: Path) -> None:
    seen, spoken = (limited(load_judged_set(folder), part, 5) for part in Part)
    assert {query.leave_out for query in seen.queries if query.lang == "fr"} == {()}
    assert {query.leave_out for query in spoken.queries} == {("title",)}


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ("mfcc", "NAME=ENCODERS"),
        ("one=dim=8", "dim"),
        ("one=dim=many", "dim"),
        ("one=pooling=max", "pooling"),
        ("one=speech=mfcc,pooling=mean", "none of its encoders has segments"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(folder: Path, choice: str, why: str) -> None:
    run = _run(folder, "--choice", choice)
    assert run.exit_code == 2
    assert why in run.output


def test_two_choices_of_one_name_are_refused(folder: Path) -> None:
    run = _run(folder, "--choice", "one=dim=64", "--choice", "one=dim=128")
    assert run.exit_code == 2
    assert "named 'one'" in run.output


def test_a_preset_can_be_chosen_with_another_length() -> None:
    compared = read_choice("short=mfcc,dim=64")
    assert (compared.encoders, compared.dim) == ({"speech": "mfcc"}, 64)
    assert compared.parts == tuple(Part)
