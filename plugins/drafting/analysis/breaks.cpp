#include "breaks.hpp"

#include <algorithm>

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include "ascii_breaks.hpp"
#include "utf.hpp"

namespace drafting::prose {

struct Breaker::Iterators {
    std::unique_ptr<icu::BreakIterator> words;
    std::unique_ptr<icu::BreakIterator> sentences;
};

namespace {

using Boundaries = std::vector<std::uint32_t>;

struct Content {
    bool letters = false;
    bool digits = false;
};

Content content_of(std::string_view text) {
    Content content;
    for (std::size_t at = 0; at < text.size();) {
        const std::int32_t character = next_character(text, at);
        if (character >= 0 && character < 0x80) {
            content.digits |= character >= '0' && character <= '9';
            content.letters |= (character | 32) >= 'a' && (character | 32) <= 'z';
        } else {
            content.digits |= u_isdigit(character) != 0;
            content.letters |= u_isalpha(character) != 0;
        }
    }
    return content;
}

// Whether what ends here is only what somebody said: "Well!" he said.
bool goes_on(std::string_view text, std::size_t begin, std::size_t end) {
    std::size_t last = end;
    while (last > begin && text[last - 1] == ' ') {
        --last;
    }
    const auto before = text.substr(begin, last - begin);
    const bool quoted = before.ends_with('"') || before.ends_with("\xE2\x80\x9D") ||
                        before.ends_with("\xE2\x80\x99");
    return quoted && end < text.size() && text[end] >= 'a' && text[end] <= 'z';
}

} // namespace

Breaker::Breaker(const WordLists& lists)
    : lists_(lists), iterators_(std::make_unique<Iterators>()) {
    UErrorCode error = U_ZERO_ERROR;
    const auto& root = icu::Locale::getRoot();
    iterators_->words.reset(icu::BreakIterator::createWordInstance(root, error));
    iterators_->sentences.reset(icu::BreakIterator::createSentenceInstance(root, error));
}

Breaker::~Breaker() = default;

// Whether the text before this place ends with an abbreviation or an initial, and its full stop.
bool Breaker::ends_short(std::string_view text) const {
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    if (text.empty() || text.back() != '.') {
        return false;
    }
    text.remove_suffix(1);
    std::size_t begin = text.size();
    while (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '(') {
        --begin;
    }
    const auto word = text.substr(begin);
    return (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z' && word[0] != 'I') ||
           lists_.is_abbreviation(word);
}

Boundaries Breaker::icu_boundaries(std::string_view text, bool sentences) {
    Boundaries all{0};
    icu::BreakIterator* iterator =
        sentences ? iterators_->sentences.get() : iterators_->words.get();
    UErrorCode error = U_ZERO_ERROR;
    UText opened = UTEXT_INITIALIZER;
    utext_openUTF8(&opened, text.data(), static_cast<std::int64_t>(text.size()), &error);
    if (U_SUCCESS(error) && iterator != nullptr) {
        iterator->setText(&opened, error);
        for (auto at = iterator->first(); at != icu::BreakIterator::DONE; at = iterator->next()) {
            if (at > 0) {
                all.push_back(static_cast<std::uint32_t>(at));
            }
        }
    }
    utext_close(&opened);
    return all;
}

Boundaries Breaker::word_boundaries(std::string_view text) {
    if (!is_ascii(text)) {
        return icu_boundaries(text, false);
    }
    Boundaries all;
    all.reserve(text.size() / 3 + 2);
    ascii_words(text, all);
    return all;
}

Boundaries Breaker::sentence_boundaries(std::string_view text) {
    if (!is_ascii(text)) {
        return icu_boundaries(text, true);
    }
    Boundaries all;
    ascii_sentences(text, all);
    return all;
}

Breaks Breaker::breaks(std::string_view text) {
    Breaks found;
    const Boundaries words = word_boundaries(text);
    for (std::size_t at = 0; at + 1 < words.size(); ++at) {
        const Content content = content_of(text.substr(words[at], words[at + 1] - words[at]));
        if (content.letters || content.digits) {
            found.words.push_back({words[at], words[at + 1], content.letters, content.digits});
        }
    }
    const Boundaries sentences = sentence_boundaries(text);
    auto word = found.words.begin();
    std::uint32_t begin = 0;
    for (std::size_t at = 0; at + 1 < sentences.size(); ++at) {
        const std::uint32_t end = sentences[at + 1];
        if (at + 2 < sentences.size() &&
            (ends_short(text.substr(begin, end - begin)) || goes_on(text, begin, end))) {
            continue;
        }
        Span sentence{begin, end};
        begin = end;
        while (sentence.end > sentence.begin &&
               (text[sentence.end - 1] == ' ' || text[sentence.end - 1] == '\n')) {
            --sentence.end;
        }
        while (sentence.begin < sentence.end && text[sentence.begin] == ' ') {
            ++sentence.begin;
        }
        const auto first = word;
        while (word != found.words.end() && word->begin < sentence.end) {
            ++word;
        }
        if (word != first) {
            found.sentences.push_back(sentence);
        }
    }
    return found;
}

} // namespace drafting::prose
