// Rows: what was measured, against what, and whether the goal is met; for people and as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/rounds.hpp"

namespace noa::bench {

// A figure of the table: one metric of one measurement.
struct Figure {
    std::string name;        // "noa round trip in-process, 64 B, one core"
    std::string measurement; // key
    std::string metric;      // "p50_us"
    std::string unit;        // "us", "1/s", "MB", …
};

enum class Sense : std::uint8_t { at_most, at_least };

// A promise about a figure: absolute without baselines, else relative to their sum.
struct Goal {
    std::string group;  // a line of the table of goals
    std::string figure; // name
    Sense sense = Sense::at_most;
    std::optional<double> limit;        // none: a comparison, not a promise
    std::vector<std::string> baselines; // names of figures
    bool guarantee = false; // holds in every run, not by the median; broken, it fails the bench
};

struct Table {
    std::vector<Figure> figures;
    std::vector<Goal> goals;
};

struct Row {
    std::string group; // empty: a plain figure, no goal
    std::string name;
    std::optional<Spread> value;
    std::vector<double> runs; // what `value` is made of, in the order of the rounds
    std::string unit;
    std::string baseline;
    std::optional<double> baseline_value; // median
    // Value by baseline, round by round: both saw the same machine then.
    std::optional<Spread> ratio;
    std::string goal; // "≤ 1.15 ×"
    std::optional<bool> met;
    bool guarantee = false;
    std::string note; // "skipped: …", "failed: …"
};

[[nodiscard]] std::vector<Row> rows_of(const Table& table, const Outcomes& outcomes);
[[nodiscard]] std::string render(const std::vector<Row>& rows);
[[nodiscard]] nlohmann::json to_json(const std::vector<Row>& rows);

} // namespace noa::bench
