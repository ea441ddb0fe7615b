// One round of figures, as the monitor tells it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json.hpp"

namespace console {

struct Figure {
    bool counter = false;
    std::map<std::string, std::string> labels;
    double value = 0;

    [[nodiscard]] std::string_view label(const std::string& name) const {
        const auto found = labels.find(name);
        return found == labels.end() ? std::string_view() : std::string_view(found->second);
    }
};

class Figures {
public:
    // Of the answer to `metrics.now`; what is not well formed in it is left out. None: not JSON.
    [[nodiscard]] static std::optional<Figures> parse(std::string_view answer);

    [[nodiscard]] std::int64_t at() const noexcept { return at_; } // unix time in ms; 0: none
    [[nodiscard]] const std::vector<Figure>& named(const std::string& name) const;
    [[nodiscard]] const std::map<std::string, std::vector<Figure>>& all() const noexcept {
        return all_;
    }
    // Of those that `counts` says so of; none when there is none of the name.
    using Counts = std::function<bool(const Figure&)>;
    [[nodiscard]] std::optional<double> sum(const std::string& name,
                                            const Counts& counts = nullptr) const;

private:
    class Reader;

    std::int64_t at_ = 0;
    std::map<std::string, std::vector<Figure>> all_;
};

} // namespace console
