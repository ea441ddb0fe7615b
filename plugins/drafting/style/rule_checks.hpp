// What rules find.
#pragma once

#include <span>

#include "../analysis/counts.hpp"
#include "rules.hpp"

namespace drafting::style {

// What a conditional rule saw: settled when the whole text is known.
struct Capture {
    std::size_t rule = 0;
    bool second = false; // that what was wanted is there
    std::string text;
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Findings and captures in places of the block's prose. Of one pattern in one block, 1,000 at most.
void check_rules(const prose::View& view, const Rules& rules, prose::Language& language,
                 std::vector<prose::Finding>& findings, std::vector<Capture>& captures);

// Limits per text, and conditional rules: captures are in places of the text, in their order.
void check_text(const Rules& rules, const prose::Counts& counts, std::span<const Capture> captures,
                std::vector<prose::Finding>& findings);

} // namespace drafting::style
