// Figures of a text, and how readable it is.
#pragma once

#include <cstdint>

#include "view.hpp"

namespace drafting::prose {

// The counting rule. Words: segments between word breaks (UAX #29) that have a letter or a digit.
// Sentences: between sentence breaks (UAX #29), not behind abbreviations; a heading, a list's item
// without a full stop and a table's cell is one each. Syllables: syllables.hpp. What Markdown
// leaves out (code, targets of links, HTML) is not counted.
struct Counts {
    std::uint64_t paragraphs = 0;
    std::uint64_t headings = 0;
    std::uint64_t sentences = 0;
    std::uint64_t words = 0;
    std::uint64_t characters = 0; // letters and digits of words
    std::uint64_t letters = 0;
    std::uint64_t syllables = 0;
    std::uint64_t polysyllables = 0; // words of three syllables and more
    // Of those: no names (upper case within a sentence), and not by "-es", "-ed", "-ing" alone.
    std::uint64_t complex_words = 0;
    std::uint64_t long_words = 0; // over six letters
    std::uint64_t passives = 0;
    std::uint64_t adverbs = 0;
    std::uint64_t weak = 0;
    std::uint64_t positive = 0;
    std::uint64_t negative = 0;
    std::uint64_t formal = 0;
    std::uint64_t informal = 0;
    std::uint64_t hedges = 0;
    std::uint64_t sure = 0;
    std::uint64_t longest_sentence = 0; // in words

    Counts& operator+=(const Counts& other) noexcept;
};

// Without passives, which checks find.
[[nodiscard]] Counts count(const View& view);

// Zero without words.
struct Readability {
    double flesch = 0;          // Flesch 1948: 206.835 - 1.015 w/s - 84.6 syl/w
    double flesch_kincaid = 0;  // Kincaid et al. 1975: 0.39 w/s + 11.8 syl/w - 15.59
    double gunning_fog = 0;     // Gunning 1952: 0.4 (w/s + 100 complex/w)
    double smog = 0;            // McLaughlin 1969: 3.1291 + 1.0430 sqrt(30 polysyllables/s)
    double coleman_liau = 0;    // Coleman and Liau 1975: 5.88 letters/w - 29.6 s/w - 15.8
    double ari = 0;             // Smith and Senter 1967: 4.71 characters/w + 0.5 w/s - 21.43
    double reading_minutes = 0; // Brysbaert 2019: 238 words a minute
};
[[nodiscard]] Readability readability(const Counts& counts) noexcept;

struct Tone {
    std::string_view mood;      // positive, negative, neutral
    std::string_view register_; // formal, informal, neutral
    std::string_view stance;    // sure, hesitant, neutral
};
// By words known for it, of a hundred: it tells apart what is plain, and is no judge of irony.
[[nodiscard]] Tone tone(const Counts& counts) noexcept;

} // namespace drafting::prose
