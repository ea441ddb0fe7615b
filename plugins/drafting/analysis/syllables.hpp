// Syllables of English words.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct _HyphenDict;

namespace drafting::prose {

// The counting rule, which the figures rest on:
// - a group of vowels (a e i o u, and y but at the begin) is one syllable;
// - pairs that are spoken apart are two: "ia", "io", "eo", "ua", "uo", "iu", "ii", "ea" in
// "create",
//   unless a soft consonant stands before ("-tion", "-cian", "-geon", "-gious");
// - an "e" at the end, and in "-es" and "-ed", is silent, unless it makes the only syllable, or is
//   spoken: "-le" behind a consonant, "-ted", "-ded", "-ses", "-zes", "-ches", "-shes", "-ges",
//   "-ces";
// - a word that the hyphenation patterns part more often has as many syllables as it has parts;
// - a word of digits alone counts one; letters spelled one by one ("BBC") are not known as such.
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
