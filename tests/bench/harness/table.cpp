#include "harness/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

namespace noa::bench {

namespace {

std::string format(double value) {
    struct Scale {
        double from;
        double divisor;
        const char* suffix;
    };
    constexpr std::array scales{Scale{1e6, 1e6, " M"}, Scale{1e4, 1e3, " k"}, Scale{0, 1, ""}};
    const auto* scale = std::find_if(scales.begin(), scales.end(), [&](const Scale& candidate) {
        return std::fabs(value) >= candidate.from;
    });
    const double scaled = value / scale->divisor;
    const double size = std::fabs(scaled);
    char text[40];
    // Four significant digits at most; small ones keep three.
    const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    (void)std::snprintf(text, sizeof text, "%.*f%s", decimals, scaled, scale->suffix);
    return text;
}

std::string limit_text(const Goal& goal) {
    if (!goal.limit) {
        return "";
    }
    return (goal.sense == Sense::at_most ? "<= " : ">= ") + format(*goal.limit) +
           (goal.baselines.empty() ? "" : " x");
}

// Round by round; by the medians when one of them was not measured in every round.
std::vector<double> divide(const std::vector<double>& values, const std::vector<double>& by) {
    if (values.size() != by.size()) {
        return {spread_of(values).median / spread_of(by).median};
    }
    std::vector<double> ratios;
    for (std::size_t i = 0; i < values.size(); ++i) {
        ratios.push_back(values[i] / by[i]);
    }
    return ratios;
}

void add_to(std::vector<double>& sums, const std::vector<double>& values) {
    if (sums.empty()) {
        sums = values;
    } else if (sums.size() != values.size()) {
        sums = {spread_of(sums).median + spread_of(values).median};
    } else {
        std::transform(sums.begin(), sums.end(), values.begin(), sums.begin(), std::plus<>());
    }
}

bool is_met(const Goal& goal, const Spread& compared) {
    if (goal.sense == Sense::at_most) {
        return (goal.guarantee ? compared.high : compared.median) <= *goal.limit;
    }
    return (goal.guarantee ? compared.low : compared.median) >= *goal.limit;
}

Row row_of(const Figure& figure, const Outcomes& outcomes) {
    Row row;
    row.name = figure.name;
    row.unit = figure.unit;
    const auto found = outcomes.find(figure.measurement);
    if (found == outcomes.end()) {
        row.note = "skipped: not selected";
        return row;
    }
    const auto& outcome = found->second;
    const auto values = outcome.values.find(figure.metric);
    if (!outcome.failed.empty()) {
        row.note = "failed: " + outcome.failed;
    } else if (!outcome.skipped.empty()) {
        row.note = "skipped: " + outcome.skipped;
    } else if (values == outcome.values.end() || values->second.empty()) {
        row.note = "failed: no value for " + figure.metric;
    } else {
        row.runs = values->second;
        row.value = spread_of(row.runs);
    }
    return row;
}

Row row_of(const Goal& goal, const std::map<std::string, Row>& figures) {
    const auto found = figures.find(goal.figure);
    Row row = found != figures.end() ? found->second : Row{};
    row.group = goal.group;
    row.name = goal.figure;
    row.goal = limit_text(goal);
    row.guarantee = goal.guarantee;
    std::vector<double> baseline;
    for (const auto& name : goal.baselines) {
        row.baseline += (row.baseline.empty() ? "" : " + ") + name;
        const auto part = figures.find(name);
        if (part == figures.end() || !part->second.value) {
            const auto why = part == figures.end() ? std::string() : part->second.note;
            row.note += (row.note.empty() ? "no baseline: " : "; no baseline: ") + why;
            return row;
        }
        add_to(baseline, part->second.runs);
    }
    if (!row.value) {
        return row;
    }
    if (!baseline.empty()) {
        row.baseline_value = spread_of(baseline).median;
        row.ratio = spread_of(divide(row.runs, baseline));
    }
    if (goal.limit) {
        row.met = is_met(goal, row.ratio ? *row.ratio : *row.value);
    }
    return row;
}

// Characters on the screen, not bytes.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }));
}

std::string lines_of(const std::vector<std::vector<std::string>>& cells) {
    std::vector<std::size_t> widths;
    for (const auto& line : cells) {
        widths.resize(std::max(widths.size(), line.size()));
        for (std::size_t column = 0; column + 1 < line.size(); ++column) {
            widths[column] = std::max(widths[column], width_of(line[column]));
        }
    }
    std::string text;
    for (const auto& line : cells) {
        std::string rendered;
        for (std::size_t column = 0; column < line.size(); ++column) {
            rendered += line[column];
            if (column + 1 < line.size()) {
                rendered.append(widths[column] - width_of(line[column]) + 2, ' ');
            }
        }
        rendered.erase(rendered.find_last_not_of(' ') + 1);
        text += rendered + "\n";
    }
    return text;
}

std::vector<std::string> cells_of(const Row& row) {
    if (!row.value) {
        return {row.name, "-", "", row.unit, "", row.goal, row.note};
    }
    const auto range = "[" + format(row.value->low) + " - " + format(row.value->high) + "]";
    const auto ratio = row.ratio ? format(row.ratio->median) + " x" : std::string();
    std::string last = row.met ? (*row.met ? "yes" : "NO") : "";
    if (row.baseline_value) {
        last += (last.empty() ? "" : "   ") + std::string("vs ") + format(*row.baseline_value) +
                " of " + row.baseline;
    }
    if (!row.note.empty()) {
        last += "   " + row.note;
    }
    return {row.name, format(row.value->median), range, row.unit, ratio, row.goal, last};
}

} // namespace

std::vector<Row> rows_of(const Table& table, const Outcomes& outcomes) {
    std::map<std::string, Row> figures;
    std::vector<Row> plain;
    for (const auto& figure : table.figures) {
        auto row = row_of(figure, outcomes);
        figures[figure.name] = row;
        plain.push_back(std::move(row));
    }
    std::vector<Row> rows;
    for (const auto& goal : table.goals) {
        rows.push_back(row_of(goal, figures));
    }
    rows.insert(rows.end(), plain.begin(), plain.end());
    return rows;
}

std::string render(const std::vector<Row>& rows) {
    std::string text;
    std::vector<std::vector<std::string>> cells;
    const std::vector<std::string> header{"", "value", "[range]", "unit", "ratio", "goal", "met"};
    std::string group;
    const auto flush = [&](const std::string& title) {
        if (!cells.empty()) {
            text += (title.empty() ? "All figures" : title) + "\n" + lines_of(cells) + "\n";
        }
        cells.clear();
    };
    for (const auto& row : rows) {
        if (row.group != group && !cells.empty()) {
            flush(group);
        }
        group = row.group;
        if (cells.empty()) {
            cells.push_back(header);
        }
        cells.push_back(cells_of(row));
    }
    flush(group);
    return text;
}

nlohmann::json to_json(const std::vector<Row>& rows) {
    auto list = nlohmann::json::array();
    for (const auto& row : rows) {
        nlohmann::json item = {{"group", row.group}, {"name", row.name}, {"unit", row.unit}};
        item["value"] = row.value ? nlohmann::json(row.value->median) : nlohmann::json();
        item["range"] =
            row.value ? nlohmann::json{row.value->low, row.value->high} : nlohmann::json();
        item["runs"] = row.runs;
        item["baseline"] = row.baseline;
        item["baseline_value"] =
            row.baseline_value ? nlohmann::json(*row.baseline_value) : nlohmann::json();
        item["ratio"] = row.ratio ? nlohmann::json(row.ratio->median) : nlohmann::json();
        item["ratio_range"] =
            row.ratio ? nlohmann::json{row.ratio->low, row.ratio->high} : nlohmann::json();
        item["goal"] = row.goal;
        item["met"] = row.met ? nlohmann::json(*row.met) : nlohmann::json();
        item["guarantee"] = row.guarantee;
        item["note"] = row.note;
        list.push_back(std::move(item));
    }
    return list;
}

} // namespace noa::bench
