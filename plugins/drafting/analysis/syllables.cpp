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

bool has_vowel_before(std::string_view word, std::size_t at) noexcept {
    for (std::size_t before = 0; before < at; ++before) {
        if (is_vowel(word, before)) {
            return true;
        }
    }
    return false;
}

bool is_one_of(char letter, std::string_view letters) noexcept {
    return letter != '\0' && letters.find(letter) != std::string_view::npos;
}

// "ia", "io", "iu" and "ie": one behind a soft consonant ("-tion", "-cial"), and in "-lion".
bool is_apart_after_i(std::string_view rest, char before, std::size_t at) noexcept {
    const char second = rest[1];
    const char next = rest.size() > 2 ? rest[2] : '\0';
    if (second == 'e') {
        return rest.starts_with("iet") || (at > 2 && (rest == "ier" || rest == "iers")) ||
               (rest.starts_with("ien") && !is_one_of(before, "tcnfrl")) || rest == "ient";
    }
    if (at > 1 && is_one_of(before, "tcsgx")) {
        return !is_one_of(next, second == 'a' ? "ln" : "nu");
    }
    const bool joined =
        at > 1 && is_one_of(before, "ln") && next == 'n' && (second == 'o' || before == 'l');
    return !joined;
}

// Whether the vowels at this place and the next are spoken apart.
bool is_apart(std::string_view word, std::size_t at) noexcept {
    const std::string_view rest = word.substr(at);
    const std::string_view pair = rest.substr(0, 2);
    const char before = at > 0 ? word[at - 1] : '\0';
    const char next = rest.size() > 2 ? rest[2] : '\0';
    if (pair == "ia" || pair == "io" || pair == "iu" || pair == "ie") {
        return is_apart_after_i(rest, before, at);
    }
    if (pair == "eo") {
        return !(before == 'g' && is_one_of(next, "nu")) && !word.starts_with("people") &&
               !(next == 'u' && is_one_of(before, "ct"));
    }
    if (pair == "ua" || pair == "uo") {
        return !is_one_of(before, "qg");
    }
    if (pair == "ea") {
        return (word.substr(0, at).ends_with("cr") && !is_one_of(next, "ms")) ||
               ((rest == "ea" || rest == "eas") && has_vowel_before(word, at));
    }
    return pair == "ii" || rest.starts_with("uity") || rest.starts_with("uities") ||
           (rest.starts_with("uen") && before != 'q') || rest.starts_with("eing") ||
           rest.starts_with("ying") || ((rest == "yer" || rest == "yers") && at > 1);
}

// How many of the groups of vowels are silent: one at most.
unsigned silent(std::string_view word) noexcept {
    const std::size_t size = word.size();
    if (size < 3) {
        return 0;
    }
    if (has_end(word, {"que", "gue", "ques", "gues"}) && size > 4) {
        return 1;
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
        if ((rest.empty() || rest == "s" || rest == "ly" || rest == "ness") &&
            has_vowel_before(word, at)) {
            count = 1;
        }
    }
    const bool some = word.starts_with("some") && word.size() > 4 && !is_vowel(word, 4);
    const bool every = word.starts_with("every") && word.size() > 5;
    if (some || every || word.starts_with("business") || has_end(word, {"ically"})) {
        count = 1;
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
