"""The paper's Tables I-IX with our values beside the paper's: csv, Markdown, LaTeX (booktabs)."""

from __future__ import annotations

import pandas as pd

from multisource.errors import UserError

LABELS = {
    "random": "Random",
    "perfect": "Perfect",
    "convnet": "ConvNet",
    "mne": "MNE",
    "dspm": "dSPM",
    "sloreta": "sLORETA",
    "eloreta": "eLORETA",
    "loreta": "LORETA",
    "laura": "LAURA",
    "auc_close": "AUC_close",
    "auc_far": "AUC_far",
    "auc_average": "AUC_average",
    "auc_map": "AUC_map",
    "average_precision": "AP",
    "fraction_active": "FractionActive",
    "pas_mm": "PAS (mm)",
    "dle_mm": "DLE (mm)",
    "spatial_dispersion_mm": "SD (mm)",
    "dr_least": "DR_least",
    "dr_1": "DR_1",
    "dr_2": "DR_2",
    "dr_3": "DR_3",
}
HIGHER_IS_BETTER = {
    "auc_close",
    "auc_far",
    "auc_average",
    "auc_map",
    "average_precision",
    "fraction_active",
}
REFERENCES = {"random", "perfect"}


def label(name: str) -> str:
    """Printed name of a method or metric; a variant as in the paper, MNE_depthw."""
    base, _, variant = name.partition("_")
    if name in LABELS:
        return LABELS[name]
    return f"{LABELS[base]}_{variant}" if variant and base in LABELS else name


def build_table(
    number: str,
    paper: pd.DataFrame,
    summary: pd.DataFrame,
    comparison: pd.DataFrame | None = None,
    extra_methods: tuple[str, ...] = (),
) -> pd.DataFrame:
    """One of the paper's tables, tidy: a row a method and metric, in the paper's order.

    number: I to IX, or the name of a scenario that the paper has not (then every metric of ours).
    paper: columns table, scenario, method, metric, value. summary, comparison: of
    ``evaluation.summary``. extra_methods: ours that the paper has not, appended.
    Columns: table, scenario, method, metric, ours, low, high, confidence, n, paper, difference
    (ours less the paper's), and with a comparison reference, p_holm and effect. NaN where one of
    the two has no value.
    """
    chosen = paper[paper["table"] == number]
    scenario = number if chosen.empty else chosen["scenario"].iloc[0]
    ours = summary[summary["scenario"] == scenario]
    if chosen.empty and ours.empty:
        known = ", ".join(dict.fromkeys([*paper["table"], *summary["scenario"]]))
        raise UserError(f"table: {number!r}; allowed: {known}")
    metrics = ours["metric"] if chosen.empty else chosen["metric"]
    methods = [*chosen["method"], *extra_methods]
    index = pd.MultiIndex.from_product(
        [dict.fromkeys(methods), dict.fromkeys(metrics)], names=["method", "metric"]
    )
    keys = ["method", "metric"]
    ours = ours.set_index(keys)
    table = pd.DataFrame(index=index)
    table["ours"] = ours["median"].reindex(index)
    for name in ("low", "high", "confidence", "n"):
        table[name] = ours[name].reindex(index)
    table["paper"] = chosen.set_index(keys)["value"].reindex(index)
    table["difference"] = table["ours"] - table["paper"]
    if comparison is not None:
        tests = comparison[comparison["scenario"] == scenario].set_index(keys)
        for name in ("reference", "p_holm", "effect"):
            table[name] = tests[name].reindex(index)
    table = table.reset_index()
    table.insert(0, "scenario", scenario)
    table.insert(0, "table", number)
    return table


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Text cells ``ours [low, high] (paper; difference)``: a row a method, a column a metric."""
    best = _best(table)
    rows = {}
    for row in table.itertuples():
        digits = 1 if row.metric.endswith("_mm") else 3
        text = _number(row.ours, digits)
        if (row.method, row.metric) in best:
            text = f"**{text}**"
        if pd.notna(row.low):
            text += f" [{_number(row.low, digits)}, {_number(row.high, digits)}]"
        if pd.notna(getattr(row, "p_holm", None)) and row.p_holm >= 0.05:
            text += " n.s."
        if pd.isna(row.paper):
            text += " (–)"
        else:
            text += f" ({_number(row.paper, digits)}; {_signed(row.difference, digits)})"
        rows.setdefault(label(row.method), {})[label(row.metric)] = text
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Method")


def caption(table: pd.DataFrame) -> str:
    """What the table shows and how its cells read."""
    scenario = table["scenario"].iloc[0]
    where = "the random test set" if scenario == "test" else f"region {scenario}"
    text = f"Table {table['table'].iloc[0]}. Performance on {where}: median over windows"
    if table["confidence"].notna().any():
        text += f" [{100 * table['confidence'].max():g} % bootstrap interval]"
    text += " (the paper's value; ours less it). Bold: the best of the column."
    if "reference" in table and table["reference"].notna().any():
        reference = label(table["reference"].dropna().iloc[0])
        text += f" n.s.: not different from {reference} (paired Wilcoxon, Holm, p >= 0.05)."
    return text


def to_markdown(table: pd.DataFrame) -> str:
    """The table and its caption as Markdown."""
    return f"{caption(table)}\n\n{printed(table).to_markdown(disable_numparse=True)}\n"


def to_latex(table: pd.DataFrame) -> str:
    """The table as a LaTeX ``table`` environment; needs the packages booktabs and graphicx."""
    cells = printed(table)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_latex(caption(table))}}}",
        rf"\label{{tab:{table['table'].iloc[0]}}}",
        r"\resizebox{\linewidth}{!}{%",
        rf"\begin{{tabular}}{{l{'c' * cells.shape[1]}}}",
        r"\toprule",
        " & ".join(["Method", *map(_latex, cells.columns)]) + r" \\",
        r"\midrule",
        *(" & ".join(map(_latex, [name, *row])) + r" \\" for name, *row in cells.itertuples()),
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _best(table: pd.DataFrame) -> set[tuple[str, str]]:
    """The best of each column, references apart; several where they are equal as printed."""
    best = set()
    own = table[~table["method"].isin(REFERENCES) & table["ours"].notna()]
    for metric, part in own.groupby("metric"):
        values = part["ours"].round(1 if metric.endswith("_mm") else 3)
        target = values.max() if metric in HIGHER_IS_BETTER else values.min()
        best |= {(method, metric) for method in part["method"][values == target]}
    return best


def _number(value: float, digits: int) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def _signed(value: float, digits: int) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:+.{digits}f}".replace("-", "−")


def _latex(text: str) -> str:
    if text.startswith("**"):
        bold, _, rest = text[2:].partition("**")
        return rf"\textbf{{{_latex(bold)}}}{_latex(rest)}"
    text = text.replace("%", r"\%").replace("–", "--").replace("−", "$-$").replace(">=", r"$\geq$")
    # Sub-scripts as in the paper: MNE_depthw, AUC_close.
    words = []
    for word in text.split(" "):
        stem, _, sub = word.partition("_")
        words.append(rf"{stem}\textsubscript{{{sub}}}" if sub else word)
    return " ".join(words)
