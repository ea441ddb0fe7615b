// The checks that are built in: what no rule file could say.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "counts.hpp"
#include "view.hpp"

namespace drafting::prose {

enum class Check : std::uint8_t {
    spelling,
    duplicate_word,
    article,
    sentence_case,
    long_sentence,
    passive,
    adverb,
    weak_word,
    repeated_start,
    repeated_word,
    heading_skip,
    heading_end,
    heading_twin,
};
inline constexpr std::size_t check_count = 13;

struct CheckInfo {
    Check check;
    std::string_view name; // "duplicate-word"
    std::string_view category;
    Severity severity; // unless a guide says otherwise
    std::string_view about;
};
[[nodiscard]] std::span<const CheckInfo, check_count> all_checks() noexcept;
[[nodiscard]] const CheckInfo& info_of(Check check) noexcept;
[[nodiscard]] const CheckInfo* find_check(std::string_view name) noexcept;

struct CheckSettings {
    std::array<std::optional<Severity>, check_count> severities; // none: off
    std::size_t sentence_words = 30;

    CheckSettings(); // each as all_checks() has it

    [[nodiscard]] std::optional<Severity> severity(Check check) const noexcept {
        return severities[static_cast<std::size_t>(check)];
    }
};

// Findings in places of the block's prose. `counts` gets the passives and adverbs, wanted or not.
void check_block(const View& view, const CheckSettings& settings, Counts& counts,
                 std::vector<Finding>& findings);

struct Heading {
    unsigned level = 1;
    std::string text;
    std::size_t begin = 0;
    std::size_t end = 0;
};
// Of a whole text, in its places.
void check_headings(std::span<const Heading> headings, const CheckSettings& settings,
                    std::vector<Finding>& findings);

} // namespace drafting::prose
