"""Rows as those of the bench (harness/table.cpp): goals first, medians, ranges, JSON alike."""
import dataclasses
import statistics


@dataclasses.dataclass
class Figure:
    name: str
    measurement: str
    metric: str
    unit: str = ""


@dataclasses.dataclass
class Goal:
    group: str
    figure: str
    limit: float | None = None  # none: a comparison, not a promise
    guarantee: bool = False  # holds in every run, not by the median; broken, it fails the bench
    strict: bool = False  # less than, not at most


def rows_of(figures, goals, outcomes):
    """`outcomes`: by measurement, either the runs (a list of values by metric) or why it failed."""
    plain = {figure.name: row_of(figure, outcomes) for figure in figures
             if figure.measurement in outcomes}
    rows = []
    for goal in goals:
        if goal.figure in plain:
            row = {**plain[goal.figure], "group": goal.group, "guarantee": goal.guarantee}
            if goal.limit is not None:
                row["goal"] = ("< " if goal.strict else "<= ") + text_of(goal.limit)
                if row["runs"]:
                    judged = max(row["runs"]) if goal.guarantee else row["value"]
                    row["met"] = judged < goal.limit or (not goal.strict and judged == goal.limit)
            rows.append(row)
    return rows + list(plain.values())


def row_of(figure, outcomes):
    row = {"group": "", "name": figure.name, "unit": figure.unit, "value": None, "range": None,
           "runs": [], "goal": "", "met": None, "guarantee": False, "note": ""}
    outcome = outcomes[figure.measurement]
    if isinstance(outcome, str):
        row["note"] = "failed: " + outcome
    else:
        row["runs"] = [values[figure.metric] for values in outcome]
        row["value"] = statistics.median(row["runs"])
        row["range"] = [min(row["runs"]), max(row["runs"])]
    return row


def text_of(value):
    for least, divisor, suffix in ((1e6, 1e6, " M"), (1e4, 1e3, " k"), (0, 1, "")):
        if abs(value) >= least:
            size = abs(value / divisor)
            decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
            return f"{value / divisor:.{decimals}f}{suffix}"
    raise ValueError(value)


def cells_of(row):
    if row["value"] is None:
        return [row["name"], "-", "", row["unit"], row["goal"], row["note"]]
    low, high = map(text_of, row["range"])
    met = {None: "", True: "yes", False: "NO"}[row["met"]]
    return [row["name"], text_of(row["value"]), f"[{low} - {high}]", row["unit"], row["goal"], met]


def render(rows):
    groups = {}
    for row in rows:
        groups.setdefault(row["group"] or "All figures", []).append(cells_of(row))
    text = ""
    for group, cells in groups.items():
        cells.insert(0, ["", "value", "[range]", "unit", "goal", "met"])
        widths = [max(map(len, column)) for column in zip(*cells)]
        text += group + "\n"
        for line in cells:
            text += "  ".join(map(str.ljust, line, widths)).rstrip() + "\n"
        text += "\n"
    return text
