#include "ascii_breaks.hpp"

#include <array>
#include <cstring>

namespace drafting::prose {

namespace {

// UAX #29's classes of ASCII, for words.
enum WordClass : std::uint8_t {
    other,
    letter,
    digit,
    underscore,
    space,
    newline,
    mid_letter,
    mid_number,
    mid_both
};

constexpr std::array<std::uint8_t, 128> word_classes = [] {
    std::array<std::uint8_t, 128> classes{};
    for (unsigned char at = 'a'; at <= 'z'; ++at) {
        classes[at] = letter;
        classes[at - 32U] = letter;
    }
    for (unsigned char at = '0'; at <= '9'; ++at) {
        classes[at] = digit;
    }
    classes['@'] = letter; // ICU 72 keeps addresses in one piece
    classes['_'] = underscore;
    classes[' '] = space;
    classes['\n'] = classes['\r'] = classes[0x0B] = classes[0x0C] = newline;
    classes[','] = classes[';'] = mid_number;
    classes['.'] = classes['\''] = mid_both;
    return classes;
}();

std::uint8_t word_class(char byte) noexcept {
    return word_classes[static_cast<unsigned char>(byte) & 0x7FU];
}

bool is_letter(char byte) noexcept {
    return word_class(byte) == letter;
}
bool is_digit(char byte) noexcept {
    return word_class(byte) == digit;
}

// One past the word that begins with a letter, a digit or an underscore.
std::size_t word_end(std::string_view text, std::size_t at) noexcept {
    for (++at; at < text.size(); ++at) {
        const std::uint8_t kind = word_class(text[at]);
        if (kind == letter || kind == digit || kind == underscore) {
            continue; // WB5, 8, 9, 10, 13a, 13b
        }
        const char before = text[at - 1];
        const char after = at + 1 < text.size() ? text[at + 1] : ' ';
        const bool in_word = (kind == mid_letter || kind == mid_both) && is_letter(before) &&
                             is_letter(after); // WB6, 7
        const bool in_number = (kind == mid_number || kind == mid_both) && is_digit(before) &&
                               is_digit(after); // WB11, 12
        if (!in_word && !in_number) {
            break;
        }
    }
    return at;
}

constexpr std::string_view closing = "()[]{}\"'";

bool is_end(char byte) noexcept {
    return byte == '.' || byte == '!' || byte == '?';
}
bool is_line(char byte) noexcept {
    return byte == '\n' || byte == '\r';
}
bool is_sentence_space(char byte) noexcept {
    return byte == ' ' || byte == '\t' || byte == 0x0B || byte == 0x0C;
}
bool is_upper(char byte) noexcept {
    return byte >= 'A' && byte <= 'Z';
}
bool is_lower(char byte) noexcept {
    return byte >= 'a' && byte <= 'z';
}

// SB8: behind a full stop, a lower-case letter may follow first, past all that is no letter.
bool goes_on_lower(std::string_view text, std::size_t at) noexcept {
    for (; at < text.size(); ++at) {
        if (is_lower(text[at])) {
            return true;
        }
        if (is_upper(text[at]) || is_line(text[at]) || is_end(text[at])) {
            return false;
        }
    }
    return false;
}

// One past the line's end at this place.
std::size_t past_line(std::string_view text, std::size_t at) noexcept {
    return at + (text.substr(at).starts_with("\r\n") ? 2U : 1U);
}

// Where the sentence that this mark may end does end; 0: it goes on.
std::size_t sentence_end(std::string_view text, std::size_t mark) noexcept {
    const bool stop = text[mark] == '.';
    std::size_t at = mark + 1;
    if (stop && at < text.size() && is_digit(text[at])) {
        return 0; // SB6
    }
    if (stop && mark > 0 && at < text.size() && is_upper(text[at]) &&
        (is_upper(text[mark - 1]) || is_lower(text[mark - 1]))) {
        return 0; // SB7
    }
    while (at < text.size() && closing.find(text[at]) != std::string_view::npos) {
        ++at;
    }
    while (at < text.size() && is_sentence_space(text[at])) {
        ++at;
    }
    if (stop && goes_on_lower(text, at)) {
        return 0;
    }
    if (at < text.size() &&
        (is_end(text[at]) || text[at] == ',' || text[at] == '-' || text[at] == ':')) {
        return 0; // SB8a
    }
    return at < text.size() && is_line(text[at]) ? past_line(text, at) : at;
}

} // namespace

bool is_ascii(std::string_view text) noexcept {
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0) {
            return false;
        }
    }
    for (; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0x80U) != 0) {
            return false;
        }
    }
    return true;
}

void ascii_words(std::string_view text, std::vector<std::uint32_t>& into) {
    into.push_back(0);
    for (std::size_t at = 0; at < text.size();) {
        const std::uint8_t kind = word_class(text[at]);
        if (kind == letter || kind == digit || kind == underscore) {
            at = word_end(text, at);
        } else if (kind == newline) {
            at = past_line(text, at);
        } else {
            const bool spaces = kind == space; // WB3d
            ++at;
            while (spaces && at < text.size() && word_class(text[at]) == space) {
                ++at;
            }
        }
        into.push_back(static_cast<std::uint32_t>(at));
    }
}

void ascii_sentences(std::string_view text, std::vector<std::uint32_t>& into) {
    into.push_back(0);
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = 0;
        if (is_line(text[at])) {
            end = past_line(text, at);
        } else if (is_end(text[at])) {
            end = sentence_end(text, at);
        }
        if (end == 0) {
            ++at;
            continue;
        }
        at = end;
        into.push_back(static_cast<std::uint32_t>(at));
    }
    if (into.back() != text.size()) {
        into.push_back(static_cast<std::uint32_t>(text.size()));
    }
}

} // namespace drafting::prose
