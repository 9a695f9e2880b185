"""The paper's Tables I-IX with our values beside the paper's: csv, Markdown, LaTeX (booktabs)."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from multisource.errors import UserError
from multisource.evaluation.names import method_label, metric_label, scenario_label
from multisource.files import atomic

HIGHER_IS_BETTER = {
    "auc_close",
    "auc_far",
    "auc_average",
    "auc_map",
    "average_precision",
    "fraction_active",
    "recall_least",
    "f1",
    "all_found",
}
REFERENCES = {"random", "perfect"}
# What LaTeX reads as code, and the dashes as LaTeX writes them.
LATEX = str.maketrans(
    {c: rf"\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"–": "--", "−": "$-$"}
)


def build_table(
    number: str,
    paper: pd.DataFrame,
    summary: pd.DataFrame,
    comparison: pd.DataFrame | None = None,
    extra_methods: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Build one of the paper's tables.

    Parameters
    ----------
    number : str
        I to IX, or the name of a scenario that the paper has not (then every metric of ours).
    paper : pandas.DataFrame
        Columns table, scenario, method, metric, value.
    summary : pandas.DataFrame
        Of ``summary.summarise``.
    comparison : pandas.DataFrame, optional
        Of ``summary.compare``.
    extra_methods : tuple of str
        Ours that the paper has not, appended.

    Returns
    -------
    pandas.DataFrame
        Tidy: one row per method and metric, in the paper's order. Columns table, scenario, method,
        metric, ours, low, high, confidence, n, paper, difference (ours less the paper's), and with
        a comparison reference, p_holm and effect. NaN where one of the two has no value.

    Raises
    ------
    UserError
        If neither the paper nor the summary has such a table.
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


def digits(metric: str) -> int:
    """Return the decimals that a metric is printed with.

    Parameters
    ----------
    metric : str
        Its name in the tables of metrics.

    Returns
    -------
    int
        One for millimetres, else three.
    """
    return 1 if metric.endswith("_mm") else 3


def best_methods(values: pd.DataFrame, metric: str, column: str = "ours") -> set[str]:
    """Return the methods whose printed value of a metric is the best, references left out.

    Parameters
    ----------
    values : pandas.DataFrame
        Columns method, metric and ``column``.
    metric : str
        A metric of it.
    column : str
        Whose values are compared: ``ours`` or ``paper``.

    Returns
    -------
    set of str
        Several where they are equal as printed; none where nobody has a value.
    """
    part = values[(values["metric"] == metric) & values[column].notna()]
    part = part[~part["method"].isin(REFERENCES)]
    score = part[column].round(digits(metric))
    best = score.max() if metric in HIGHER_IS_BETTER else score.min()
    return set(part["method"][score == best])


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the text of a table's cells.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`build_table`.

    Returns
    -------
    pandas.DataFrame
        Cells ``ours [low, high] (paper; difference)``: one row per method, one column per metric.
    """
    best = {metric: best_methods(table, metric) for metric in table["metric"].unique()}
    labels = _labels(table)
    rows: dict[str, dict[str, str]] = {}
    for row in table.itertuples():
        places = digits(row.metric)
        text = _number(row.ours, places)
        if row.method in best[row.metric]:
            text = f"**{text}**"
        if pd.notna(row.low):
            text += f" [{_number(row.low, places)}, {_number(row.high, places)}]"
        if pd.notna(getattr(row, "p_holm", None)) and row.p_holm >= 0.05:
            text += " n.s."
        if pd.isna(row.paper):
            text += " (–)"
        else:
            text += f" ({_number(row.paper, places)}; {_signed(row.difference, places)})"
        rows.setdefault(labels[row.method], {})[metric_label(row.metric)] = text
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Method")


def caption(table: pd.DataFrame) -> str:
    """Say what a table shows and how its cells read.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`build_table`.

    Returns
    -------
    str
        The caption.
    """
    scenario = table["scenario"].iloc[0]
    where = scenario_label(scenario)
    text = f"Table {table['table'].iloc[0]}. Performance on {where}: median over windows"
    if table["confidence"].notna().any():
        text += f" [{100 * table['confidence'].max():g} % bootstrap interval]"
    text += " (the paper's value; ours less it). Bold: the best of the column."
    if "reference" in table and table["reference"].notna().any():
        reference = method_label(table["reference"].dropna().iloc[0])
        text += f" n.s.: not different from {reference} (paired Wilcoxon, Holm, p >= 0.05)."
    return text


def to_markdown(table: pd.DataFrame) -> str:
    """Return a table and its caption as Markdown.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`build_table`.

    Returns
    -------
    str
        The caption, an empty line and the table.
    """
    return f"{caption(table)}\n\n{printed(table).to_markdown(disable_numparse=True)}\n"


def to_latex(table: pd.DataFrame) -> str:
    """Return the table as a LaTeX ``table`` environment; it needs booktabs and graphicx.

    Parameters
    ----------
    table : pandas.DataFrame
        A table of :func:`build_table`.

    Returns
    -------
    str
        The environment with caption and label ``tab:<number>``, as wide as the text.
    """
    cells = printed(table).map(_latex).rename(index=_latex, columns=_latex_metric)
    # The name of the rows' column would take a line of its own.
    cells = cells.rename_axis(None).reset_index(names="Method")
    columns = "l" + "c" * (cells.shape[1] - 1)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_latex(caption(table))}}}",
        rf"\label{{tab:{table['table'].iloc[0]}}}",
        r"\resizebox{\linewidth}{!}{%",
        cells.to_latex(index=False, escape=False, column_format=columns).rstrip() + "}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table three times: csv, and beside it Markdown and LaTeX.

    Parameters
    ----------
    path : Path
        The csv file; the others have the endings md and tex in place of csv.
    table : pandas.DataFrame
        Of :func:`build_table`.
    """
    with atomic(path) as part:
        table.to_csv(part, index=False)
    for ending, text in (("md", to_markdown(table)), ("tex", to_latex(table))):
        with atomic(path.with_suffix(f".{ending}")) as part:
            part.write_text(text, encoding="utf-8")


def _labels(table: pd.DataFrame) -> dict[str, str]:
    """Return the printed names of the methods, with the number of windows where it is smaller."""
    # The most of a method's metrics: some are defined for some windows only.
    counts = table.groupby("method")["n"].max()
    labels = {}
    for method, count in counts.items():
        labels[method] = method_label(method)
        if count < counts.max():
            labels[method] += f" ({count:.0f} windows)"
    return labels


def _number(value: float, digits: int) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def _signed(value: float, digits: int) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:+.{digits}f}".replace("-", "−")


def _latex(text: str) -> str:
    """Return text as LaTeX prints it, ``**bold**`` as bold."""
    text = text.translate(LATEX).replace(">=", r"$\geq$")
    return re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", text)


def _latex_metric(name: str) -> str:
    """Return the name of a metric with its sub-script, as in the paper: AUC_close."""
    return re.sub(r"\\_(\w+)", r"\\textsubscript{\1}", _latex(name))
