#include "counts.hpp"

#include <algorithm>
#include <cmath>

#include <unicode/uchar.h>

#include "utf.hpp"

namespace drafting::prose {

namespace {

void count_letters(std::string_view word, Counts& into) {
    std::uint64_t letters = 0;
    std::uint64_t digits = 0;
    for (std::size_t at = 0; at < word.size();) {
        const std::int32_t character = next_character(word, at);
        if (character >= 0 && character < 0x80) {
            digits += character >= '0' && character <= '9' ? 1U : 0U;
            letters += (character | 32) >= 'a' && (character | 32) <= 'z' ? 1U : 0U;
        } else {
            digits += u_isdigit(character) != 0 ? 1U : 0U;
            letters += u_isalpha(character) != 0 ? 1U : 0U;
        }
    }
    into.letters += letters;
    into.characters += letters + digits;
    into.long_words += letters > 6 ? 1U : 0U;
}

bool starts_upper(std::string_view word) {
    std::size_t at = 0;
    return u_isupper(next_character(word, at)) != 0;
}

// Three syllables, but not by its ending alone (Gunning's rule).
bool is_complex(const Word& word) {
    const std::string_view lower = word.lower;
    const bool ending = lower.ends_with("es") || lower.ends_with("ed") || lower.ends_with("ing");
    return word.syllables - (ending ? 1 : 0) >= 3;
}

void count_traits(std::uint32_t traits, Counts& into) {
    into.weak += (traits & trait_weak) != 0 ? 1U : 0U;
    into.positive += (traits & trait_positive) != 0 ? 1U : 0U;
    into.negative += (traits & trait_negative) != 0 ? 1U : 0U;
    into.formal += (traits & trait_formal) != 0 ? 1U : 0U;
    into.informal += (traits & trait_informal) != 0 ? 1U : 0U;
    into.hedges += (traits & trait_hedge) != 0 ? 1U : 0U;
    into.sure += (traits & trait_sure) != 0 ? 1U : 0U;
}

// Twice the other, and one word of a hundred.
std::string_view leaning(std::uint64_t one, std::uint64_t other, std::uint64_t words,
                         std::string_view name, std::string_view opposite) {
    if (one * 100 >= words && one >= 2 * other && one > 0) {
        return name;
    }
    return other * 100 >= words && other >= 2 * one && other > 0 ? opposite : "neutral";
}

} // namespace

Counts& Counts::operator+=(const Counts& other) noexcept {
    const std::uint64_t longest = std::max(longest_sentence, other.longest_sentence);
    static constexpr std::uint64_t Counts::*sums[] = {
        &Counts::paragraphs, &Counts::headings,      &Counts::sentences, &Counts::words,
        &Counts::characters, &Counts::letters,       &Counts::syllables, &Counts::polysyllables,
        &Counts::long_words, &Counts::complex_words, &Counts::passives,  &Counts::adverbs,
        &Counts::weak,       &Counts::positive,      &Counts::negative,  &Counts::formal,
        &Counts::informal,   &Counts::hedges,        &Counts::sure};
    for (const auto sum : sums) {
        this->*sum += other.*sum;
    }
    longest_sentence = longest;
    return *this;
}

Counts count(const View& view) {
    Counts counts;
    counts.headings = view.block.kind == BlockKind::heading ? 1 : 0;
    counts.paragraphs = view.block.kind == BlockKind::paragraph ? 1 : 0;
    counts.sentences = view.breaks.sentences.size();
    counts.words = view.words.size();
    std::size_t sentence = 0;
    std::uint64_t in_sentence = 0;
    for (std::size_t at = 0; at < view.words.size(); ++at) {
        const Word& word = *view.words[at];
        const Token& token = view.breaks.words[at];
        while (sentence < view.breaks.sentences.size() &&
               token.begin >= view.breaks.sentences[sentence].end) {
            ++sentence;
            in_sentence = 0;
        }
        ++in_sentence;
        counts.longest_sentence = std::max(counts.longest_sentence, in_sentence);
        count_letters(view.written(at), counts);
        counts.syllables += word.syllables;
        count_traits(word.traits, counts);
        if (word.syllables >= 3) {
            ++counts.polysyllables;
            const bool name = in_sentence > 1 && starts_upper(view.written(at));
            counts.complex_words += !name && is_complex(word) ? 1U : 0U;
        }
    }
    return counts;
}

Readability readability(const Counts& counts) noexcept {
    Readability found;
    if (counts.words == 0 || counts.sentences == 0) {
        return found;
    }
    const auto words = static_cast<double>(counts.words);
    const auto sentences = static_cast<double>(counts.sentences);
    const double length = words / sentences;
    const double syllables = static_cast<double>(counts.syllables) / words;
    found.flesch = 206.835 - 1.015 * length - 84.6 * syllables;
    found.flesch_kincaid = 0.39 * length + 11.8 * syllables - 15.59;
    found.gunning_fog = 0.4 * (length + 100.0 * static_cast<double>(counts.complex_words) / words);
    found.smog =
        3.1291 + 1.0430 * std::sqrt(30.0 * static_cast<double>(counts.polysyllables) / sentences);
    found.coleman_liau =
        5.88 * static_cast<double>(counts.letters) / words - 29.6 * sentences / words - 15.8;
    found.ari = 4.71 * static_cast<double>(counts.characters) / words + 0.5 * length - 21.43;
    found.reading_minutes = words / 238.0;
    return found;
}

Tone tone(const Counts& counts) noexcept {
    return {leaning(counts.positive, counts.negative, counts.words, "positive", "negative"),
            leaning(counts.formal, counts.informal, counts.words, "formal", "informal"),
            leaning(counts.sure, counts.hedges, counts.words, "sure", "hesitant")};
}

} // namespace drafting::prose
