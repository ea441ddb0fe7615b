#include "syllables.hpp"

#include <algorithm>
#include <array>

#include <hyphen.h>

namespace drafting::prose {

namespace {

constexpr std::size_t longest_parted = 60;

bool is_vowel(std::string_view word, std::size_t at) noexcept {
    const char letter = word[at];
    return letter == 'a' || letter == 'e' || letter == 'i' || letter == 'o' || letter == 'u' ||
           (letter == 'y' && at > 0);
}

bool has_end(std::string_view word, std::initializer_list<std::string_view> ends) noexcept {
    return std::ranges::any_of(ends, [&](std::string_view end) { return word.ends_with(end); });
}

// Whether the vowels at this place and the next are spoken apart.
bool is_apart(std::string_view word, std::size_t at) noexcept {
    const std::string_view pair = word.substr(at, 2);
    const char before = at > 0 ? word[at - 1] : '\0';
    if (pair == "ia" || pair == "io" || pair == "iu") {
        const bool soft =
            before == 't' || before == 'c' || before == 's' || before == 'g' || before == 'x';
        const bool short_end = word.substr(at).starts_with("ious") || pair != "iu";
        return !(soft && short_end) || at == 1;
    }
    if (pair == "eo") {
        return before != 'g' && !word.substr(at).starts_with("eou") &&
               word.find("people") == std::string_view::npos;
    }
    if (pair == "ua" || pair == "uo") {
        return before != 'q' && before != 'g';
    }
    if (pair == "ea") {
        return word.substr(0, at).ends_with("cr") && !word.substr(at).starts_with("eam") &&
               !word.substr(at).starts_with("eas");
    }
    return pair == "ii" ||
           (pair == "ie" &&
            (word.substr(at).starts_with("iet") || word.substr(at).starts_with("ience"))) ||
           (pair == "ue" && word.substr(at).starts_with("uen") && before != 'q') ||
           (pair == "ei" && word.substr(at).starts_with("eing")) ||
           (pair == "yi" && word.substr(at).starts_with("ying"));
}

// How many of the groups of vowels are silent: one at most.
unsigned silent(std::string_view word) noexcept {
    const std::size_t size = word.size();
    if (size < 3) {
        return 0;
    }
    if (word.back() == 'e' && !is_vowel(word, size - 2)) {
        const bool spoken = word[size - 2] == 'l' && !is_vowel(word, size - 3);
        return spoken ? 0 : 1;
    }
    if (word.ends_with("ed") && !is_vowel(word, size - 3)) {
        const bool spoken =
            has_end(word, {"ted", "ded"}) || (word.ends_with("led") && size > 3 &&
                                              !is_vowel(word, size - 4) && word[size - 4] != 'l');
        return spoken ? 0 : 1;
    }
    if (word.ends_with("es") && !is_vowel(word, size - 3)) {
        const bool spoken = has_end(word, {"ses", "zes", "ches", "shes", "ges", "ces", "xes"}) ||
                            (word.ends_with("les") && size > 3 && !is_vowel(word, size - 4) &&
                             word[size - 4] != 'l');
        return spoken ? 0 : 1;
    }
    return 0;
}

// An "e" that ends the first part of a word: "someone", "lifetime", "-ely", "-ement", "-eful".
unsigned silent_within(std::string_view word) noexcept {
    static constexpr std::array<std::string_view, 5> ends{"ely", "ement", "eful", "eless", "eness"};
    unsigned count = 0;
    for (const auto end : ends) {
        const std::size_t at = word.rfind(end);
        if (at == std::string_view::npos || at < 2 || is_vowel(word, at - 1)) {
            continue;
        }
        const auto rest = word.substr(at + end.size());
        if (rest.empty() || rest == "s" || rest == "ly" || rest == "ness") {
            bool earlier = false;
            for (std::size_t before = 0; before < at; ++before) {
                earlier |= is_vowel(word, before);
            }
            count = earlier ? 1 : count;
        }
    }
    return count;
}

} // namespace

unsigned rule_syllables(std::string_view word) noexcept {
    unsigned count = 0;
    bool in_group = false;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const bool vowel = is_vowel(word, at);
        if (vowel && (!in_group || is_apart(word, at - 1))) {
            ++count;
        }
        in_group = vowel;
    }
    const unsigned less = silent(word) + silent_within(word);
    count = count > less ? count - less : 1;
    // "-ism", "-thm", "n't" behind a consonant
    if (has_end(word, {"ism", "isms", "ythm", "ythms", "dn't", "sn't"})) {
        ++count;
    }
    return std::max(count, 1U);
}

Syllables::Syllables(const std::string& patterns)
    : patterns_(patterns.empty() ? nullptr : hnj_hyphen_load(patterns.c_str())) {}

Syllables::~Syllables() {
    if (patterns_ != nullptr) {
        hnj_hyphen_free(patterns_);
    }
}

unsigned Syllables::count(std::string_view word) const {
    const unsigned by_rule = rule_syllables(word);
    const bool letters = std::ranges::all_of(word, [](char at) { return at >= 'a' && at <= 'z'; });
    if (patterns_ == nullptr || !letters || word.size() > longest_parted) {
        return by_rule;
    }
    std::array<char, longest_parted + 5> marks{};
    char** replaced = nullptr;
    int* places = nullptr;
    int* cuts = nullptr;
    const std::string copy(word);
    if (hnj_hyphen_hyphenate2(patterns_, copy.c_str(), static_cast<int>(copy.size()), marks.data(),
                              nullptr, &replaced, &places, &cuts) != 0) {
        return by_rule;
    }
    unsigned parts = 1;
    for (std::size_t at = 0; at + 1 < copy.size(); ++at) {
        parts += (static_cast<unsigned>(marks[at]) & 1U) != 0 ? 1U : 0U;
    }
    return std::max(by_rule, parts);
}

} // namespace drafting::prose
