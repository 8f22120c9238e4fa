import re

from workers.training.curve import training_curve
from workers.training.steps import Look


def test_each_stage_is_drawn_and_dev_where_it_was_looked_at() -> None:
    looks = [Look(stage="heads", step=step, loss=1.0, dev=step / 100) for step in (20, 40)]
    drawn = training_curve({"heads": [3.0, 2.0] * 20, "fusions": [1.0]}, looks)
    titles = re.findall(r"<!-- (.*?) -->", drawn)  # matplotlib names the text that it draws as paths
    assert {"heads", "fusions"} <= set(titles)
    assert titles.count("loss") == 2
    assert titles.count("dev MRR") == 1


def test_a_training_without_steps_is_an_empty_picture() -> None:
    assert training_curve({}, []).startswith("<svg")
