#include "harness/catalogue.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace noa::bench {

namespace {

constexpr std::array placements{Placement::one_core, Placement::free};

} // namespace

std::string figure_name(const std::string& subject, const std::string& metric,
                        Placement placement) {
    return subject + ", " + metric + ", " + std::string(name_of(placement));
}

void CatalogueBuilder::add(const std::string& subject, const Measurement& measurement,
                           const std::vector<Metric>& metrics) {
    catalogue_.measurements.push_back(measurement);
    for (const auto& metric : metrics) {
        catalogue_.table.figures.push_back(
            {figure_name(subject, metric.label, measurement.placement), measurement.key(),
             metric.key, metric.unit});
    }
}

void CatalogueBuilder::add_round_trip(const std::string& subject, const std::string& task,
                                      const std::vector<std::string>& arguments) {
    for (const auto placement : placements) {
        add(subject, {task, placement, arguments},
            {{"p50_us", "p50", "us"}, {"p99_us", "p99", "us"}, {"cpu_us", "cpu", "us"}});
    }
}

void CatalogueBuilder::add_stream(const std::string& subject, const std::string& task,
                                  const std::vector<std::string>& arguments) {
    for (const auto placement : placements) {
        add(subject, {task, placement, arguments},
            {{"per_s", "rate", "1/s"}, {"cpu_us", "cpu", "us"}});
    }
}

void CatalogueBuilder::expect(std::string group, std::string figure, Sense sense, double limit,
                              std::vector<std::string> baselines) {
    catalogue_.table.goals.push_back(
        {std::move(group), std::move(figure), sense, limit, std::move(baselines), false});
}

void CatalogueBuilder::guarantee(std::string group, std::string figure, double limit) {
    catalogue_.table.goals.push_back(
        {std::move(group), std::move(figure), Sense::at_most, limit, {}, true});
}

void CatalogueBuilder::compare(std::string group, std::string figure,
                               std::vector<std::string> baselines) {
    catalogue_.table.goals.push_back({std::move(group), std::move(figure), Sense::at_most,
                                      std::nullopt, std::move(baselines), false});
}

void select(Catalogue& catalogue, const std::function<bool(const std::string& key)>& wanted) {
    std::erase_if(catalogue.measurements,
                  [&](const Measurement& measurement) { return !wanted(measurement.key()); });
    auto& [figures, goals] = catalogue.table;
    std::erase_if(figures, [&](const Figure& figure) { return !wanted(figure.measurement); });
    const auto chosen = [&figures = figures](const std::string& name) {
        return std::any_of(figures.begin(), figures.end(),
                           [&](const Figure& figure) { return figure.name == name; });
    };
    std::erase_if(goals, [&](const Goal& goal) {
        return !chosen(goal.figure) ||
               !std::all_of(goal.baselines.begin(), goal.baselines.end(), chosen);
    });
}

void select_compared(Catalogue& catalogue,
                     const std::function<bool(const std::string& key)>& wanted,
                     const std::function<bool(const std::string& key)>& comparable) {
    std::map<std::string, std::string> measured; // by name of a figure
    for (const auto& figure : catalogue.table.figures) {
        measured[figure.name] = figure.measurement;
    }
    std::set<std::string> compared;
    for (const auto& goal : catalogue.table.goals) {
        if (!wanted(measured[goal.figure])) {
            continue;
        }
        for (const auto& baseline : goal.baselines) {
            if (comparable(measured[baseline])) {
                compared.insert(measured[baseline]);
            }
        }
    }
    select(catalogue,
           [&](const std::string& key) { return wanted(key) || compared.contains(key); });
}

} // namespace noa::bench
