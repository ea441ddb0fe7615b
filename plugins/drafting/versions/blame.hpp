// Who wrote what is there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../model/change_set.hpp"

namespace drafting {

// Of a text, from where the one before it ends: which change it is from, by a number.
struct Span {
    Position units = 0;
    std::uint32_t change = 0;
};

class Blame {
public:
    // Change 0 is the text that all began with.
    explicit Blame(Position units) {
        if (units > 0) {
            spans_.push_back({units, 0});
        }
    }
    // REQUIRES: it fits.
    void apply(const ChangeSet& changes, std::uint32_t number);

    // By line of that text: the newest change that is in it.
    [[nodiscard]] std::vector<std::uint32_t> lines(std::string_view text) const;

private:
    std::vector<Span> spans_;
};

} // namespace drafting
