// Where words and sentences end: Unicode's rules (UAX #29), by ICU; by the same rules written out
// for text of ASCII alone, which is most of it, and takes a tenth of the time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "blocks.hpp"
#include "word_lists.hpp"

namespace drafting::prose {

// A word: a segment between two word breaks that has a letter or a digit. "don't" and "3.14" are
// one, "well-known" are two.
struct Token {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool letters = false;
    bool digits = false;
};

struct Breaks {
    std::vector<Token> words;
    std::vector<Span> sentences; // without the space behind them; those without a word are left out
};

// Not for two threads at once.
class Breaker {
public:
    // The lists must outlive it.
    explicit Breaker(const WordLists& lists);
    ~Breaker();
    Breaker(const Breaker&) = delete;
    Breaker& operator=(const Breaker&) = delete;

    // Text of up to 4 GiB, UTF-8. A sentence does not end behind an abbreviation ("e.g.", "Dr.")
    // nor behind an initial.
    [[nodiscard]] Breaks breaks(std::string_view text);

    // Every boundary, the first and the last included: for tests against Unicode's own.
    [[nodiscard]] std::vector<std::uint32_t> word_boundaries(std::string_view text);
    [[nodiscard]] std::vector<std::uint32_t> sentence_boundaries(std::string_view text);
    // By ICU, whatever the text is of.
    [[nodiscard]] std::vector<std::uint32_t> icu_boundaries(std::string_view text, bool sentences);

private:
    struct Iterators;
    [[nodiscard]] bool ends_short(std::string_view text) const;

    const WordLists& lists_;
    std::unique_ptr<Iterators> iterators_;
};

} // namespace drafting::prose
