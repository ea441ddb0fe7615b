// Syllables of English words.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct _HyphenDict; // NOLINT(bugprone-reserved-identifier): the library calls it so

namespace drafting::prose {

// The counting rule, which the figures rest on:
// - a group of vowels (a e i o u, and y but at the begin) is one syllable;
// - pairs that are spoken apart are two: "ia", "io", "eo", "ua", "uo" and the like, unless a soft
//   consonant stands before ("-tion", "-cial", "-geous"), and in "-lion", "-nion" and "-lian";
// - an "e" is silent at the end, in "-es", "-ed", "-ely", "-ement", "-eful", "-eless", "-eness",
//   unless it makes the only syllable or is spoken ("table", "wanted", "boxes"); "-que" and "-gue"
//   are silent, "-ically" is spoken "-icly";
// - a word that hyphenation patterns part more often has as many syllables as it has parts;
// - digits count one; words spelled letter by letter are not known as such.
// Of the 28,369 words that CMU's dictionary and hunspell's en_US both have, 95 of 100 are counted
// as CMU's first pronunciation has them.
[[nodiscard]] unsigned rule_syllables(std::string_view lower_word) noexcept;

// The rule, and libhyphen's patterns where there are any. 1 MiB with patterns.
class Syllables {
public:
    // A file that cannot be read leaves the rule alone.
    explicit Syllables(const std::string& patterns);
    ~Syllables();
    Syllables(const Syllables&) = delete;
    Syllables& operator=(const Syllables&) = delete;

    [[nodiscard]] bool patterns() const noexcept { return patterns_ != nullptr; }
    // Of a word in lower case; at least 1.
    [[nodiscard]] unsigned count(std::string_view lower_word) const;

private:
    _HyphenDict* patterns_ = nullptr;
};

} // namespace drafting::prose
