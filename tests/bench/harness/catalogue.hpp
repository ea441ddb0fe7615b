// Measurements, the figures that they give, and the goals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/rounds.hpp"
#include "harness/table.hpp"

namespace noa::bench {

struct Catalogue {
    std::vector<Measurement> measurements;
    Table table;
};

// "raw inproc round trip, p50, one core"
[[nodiscard]] std::string figure_name(const std::string& subject, const std::string& metric,
                                      Placement placement);

class CatalogueBuilder {
public:
    struct Metric {
        const char* key;
        const char* label;
        const char* unit;
    };

    // One task, one figure for each metric.
    void add(const std::string& subject, const Measurement& measurement,
             const std::vector<Metric>& metrics);
    // Latencies and rates: on one core and free.
    void add_round_trip(const std::string& subject, const std::string& task,
                        const std::vector<std::string>& arguments = {});
    void add_stream(const std::string& subject, const std::string& task,
                    const std::vector<std::string>& arguments = {});

    void expect(std::string group, std::string figure, Sense sense, double limit,
                std::vector<std::string> baselines = {});
    // At most that, in every run, or the bench fails.
    void guarantee(std::string group, std::string figure, double limit);
    // No promise: how it stands to something else, or by itself.
    void compare(std::string group, std::string figure, std::vector<std::string> baselines = {});

    [[nodiscard]] Catalogue take() { return std::move(catalogue_); }

private:
    Catalogue catalogue_;
};

// Leaves the measurements that `wanted` holds for, by key; the figures and goals with them.
void select(Catalogue& catalogue, const std::function<bool(const std::string& key)>& wanted);
// The same, and what the goals of those are compared with, so far as `comparable` holds for it.
void select_compared(Catalogue& catalogue,
                     const std::function<bool(const std::string& key)>& wanted,
                     const std::function<bool(const std::string& key)>& comparable);

} // namespace noa::bench
