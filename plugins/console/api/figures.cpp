#include "figures.hpp"

#include <algorithm>
#include <utility>

#include "json_reads.hpp"

namespace console {

namespace {

constexpr std::size_t most_figures = 200'000;

std::optional<Figure> figure_of(const noa::Json& json) {
    const auto value = number_in(json, "value");
    if (!value) {
        return std::nullopt;
    }
    Figure figure{text_in(json, "type") == "counter", {}, *value};
    for (const auto& [name, text] : member_of(json, "labels").items()) {
        if (text.is_string()) {
            figure.labels.emplace(name, text.get<std::string>());
        }
    }
    return figure;
}

} // namespace

Figures Figures::parse(const noa::Json& reply) {
    Figures figures;
    figures.at_ = static_cast<std::int64_t>(number_in(reply, "at").value_or(0));
    std::size_t count = 0;
    for (const noa::Json& one : member_of(reply, "figures")) {
        std::string name = text_in(one, "name");
        auto figure = figure_of(one);
        if (figure && !name.empty() && ++count <= most_figures) {
            figures.all_[std::move(name)].push_back(std::move(*figure));
        }
    }
    return figures;
}

const std::vector<Figure>& Figures::named(const std::string& name) const {
    static const std::vector<Figure> none;
    const auto found = all_.find(name);
    return found == all_.end() ? none : found->second;
}

std::optional<double> Figures::sum(const std::string& name, const Counts& counts) const {
    const auto& figures = named(name);
    if (figures.empty()) {
        return std::nullopt;
    }
    double sum = 0;
    for (const Figure& figure : figures) {
        sum += !counts || counts(figure) ? figure.value : 0;
    }
    return sum;
}

} // namespace console
