"""What tests of the report share: a picture, a configuration, and a reader of pages."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd

from multisource.report.tables import ComparisonTable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CONFIG = {
    "head": "fsaverage",
    "seed": 7,
    "anatomy": {"provider": "fsaverage"},
    "network": {"networks": ["net"]},
    "simulation": {
        "splits": {"train": {"samples": 5000}, "test": {"samples": 40}},
        "scenarios": {"duration_s": 30.0},
    },
    "recordings": {},
    "evaluation": {"confidence": 0.9, "reference": "convnet", "test_splits": []},
}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects what the tests ask of a page, and fails on tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.cells = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and "tbody" in self.open:
            self.cells.append((data.strip(), "strong" in self.open))

    def values(self, attribute, tag=None):
        return [a[attribute] for t, a in self.tags if attribute in a and tag in (None, t)]


def comparison(number="I", scenario="A"):
    rows = [
        ("random", "auc_close", 0.501, 0.497),
        ("perfect", "auc_close", 1.0, 1.0),
        ("convnet", "auc_close", 0.9111, 0.881),
        ("mne", "auc_close", 0.9112, 0.912),
        ("laura", "auc_close", 0.51, 0.487),
        ("random", "dr_least", 0.61, 0.598),
        ("perfect", "dr_least", 0.0, 0.0),
        ("convnet", "dr_least", 0.055, 0.041),
        ("mne", "dr_least", 0.044, 0.056),
        ("laura", "dr_least", 0.7, np.nan),
    ]
    values = pd.DataFrame(rows, columns=["method", "metric", "ours", "paper"])
    values["low"], values["high"] = values["ours"] - 0.012, values["ours"] + 0.011
    return ComparisonTable(number, scenario, "Performance measures.", values)
