// What English words are known for. ASCII, case ignored.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace drafting::prose {

enum WordTrait : std::uint32_t {
    trait_stop = 1U << 0U,           // carries no topic: "the"
    trait_be = 1U << 1U,             // a form of "to be"
    trait_participle = 1U << 2U,     // past participle that does not end in -ed
    trait_not_participle = 1U << 3U, // ends in -ed, and is none
    trait_not_adverb = 1U << 4U,     // ends in -ly, and is none
    trait_weak = 1U << 5U,           // says little: "very"
    trait_hedge = 1U << 6U,          // says it is not sure: "perhaps"
    trait_sure = 1U << 7U,           // says it is sure: "always"
    trait_positive = 1U << 8U,
    trait_negative = 1U << 9U,
    trait_formal = 1U << 10U,
    trait_informal = 1U << 11U,
    trait_determiner = 1U << 12U,
    trait_pronoun = 1U << 13U,
    trait_preposition = 1U << 14U,
    trait_conjunction = 1U << 15U,
    trait_auxiliary = 1U << 16U,
    trait_short = 1U << 18U,   // an abbreviation that is written with a full stop
    trait_between = 1U << 17U, // may stand between "be" and its participle: "not"
};

// Built once a language: 60 KiB.
class WordLists {
public:
    WordLists();
    // Of a word in lower case.
    [[nodiscard]] std::uint32_t traits_of(std::string_view word) const;
    // Without its last full stop: "Dr", "e.g".
    [[nodiscard]] bool is_abbreviation(std::string_view word) const;

private:
    std::unordered_map<std::string_view, std::uint32_t> traits_;
    std::unordered_set<std::string_view> abbreviations_;
};

} // namespace drafting::prose
