"""The report of a study on disk: what it has is shown, what it lacks is left out."""

import re
from dataclasses import replace

from report_case import CONFIG, TABLES, Page, study_files, study_folder

from multisource.report.study import study_report


def test_report_of_a_study_on_disk(tmp_path):
    folder = study_folder(tmp_path)
    files = study_files(
        folder,
        scenarios={"A": folder / "figures/figure-2.png"},
        training={"net": folder / "network/net/loss.png"},
    )
    text = study_report(files, config=CONFIG, scenarios=TABLES)
    page = Page(text)
    places = page.values("id")
    assert len(places) == len(set(places))
    assert {"table-I", "table-V", "table-IX"} <= set(places)
    assert len(page.values("src", "img")) == 13
    assert "moved to the scalp by 2.0 mm (median; Cz by 4.0 mm)" in text
    assert "Warning: the cap is shifted by 7 mm to the front." in text
    assert "This head is usable with care; skull, mean: 1.2 mm; it is thin." in text
    assert "anatomy/head.html" in page.values("href", "a")
    assert "how-sure" in places
    assert "0.812° [0.750, 0.875]" in text and "inverse crime" in text
    facts = re.sub(r"<[^>]*>", " ", text[text.index("<dl") : text.index("</dl>")]).split()
    assert facts[facts.index("Electrodes") + 1] == "3"
    assert facts[facts.index("Dipoles") + 1] == "3"
    assert "90 % intervals" in text and "no difference from ConvNet" in text
    cells = [cell for cell, _ in page.cells]
    row = cells.index("simulate_chunk")
    assert cells[row : row + 4] == ["simulate_chunk", "2", "5", "2.5"]
    assert cells.index("10 to 15") < cells.index("all depths")


def test_parts_that_a_study_lacks_are_left_out(tmp_path):
    folder = study_folder(tmp_path)
    files = study_files(folder)
    moved = tmp_path / "elsewhere.csv"
    files.tables["I"].rename(moved)
    files = replace(files, tables={"I": moved})
    page = Page(study_report(files, config=CONFIG, scenarios=TABLES))
    # Neither a scenario's picture, a training, boxes of the test set nor a recording.
    assert len(page.values("src", "img")) == 10
    assert "table-I" in page.values("id") and "table-V" not in page.values("id")


def test_report_says_which_sources_and_whether_there_are_any(tmp_path):
    files = study_files(study_folder(tmp_path))
    text = study_report(files, config=CONFIG, scenarios=TABLES)
    assert "Which sources, and how far off" in text and "Is anything there" in text
    # Rows are true numbers, columns said ones; what does not occur is none.
    numbers = text[text.index("How many sources were said") :]
    row = numbers[numbers.index(">2<") :][:400]
    assert row.index(">13<") < row.index(">6<")
    assert "0.812" in text and "presence" in text


def test_report_without_named_sources_has_no_such_sections(tmp_path):
    folder = study_folder(tmp_path)
    for name in ("sources", "detection"):
        path = folder / f"tables/{name}.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")
    text = study_report(study_files(folder), config=CONFIG, scenarios=TABLES)
    assert "Which sources" not in text and "Is anything there" not in text
