#include "glob.hpp"

#include <cstddef>
#include <utility>

namespace cache {

namespace {

// Takes one element off the pattern; whether it is `letter`.
bool stands_for(std::string_view& pattern, char letter) noexcept {
    const char first = pattern.front();
    pattern.remove_prefix(1);
    if (first == '?') {
        return true;
    }
    if (first == '\\' && !pattern.empty()) {
        const bool same = pattern.front() == letter;
        pattern.remove_prefix(1);
        return same;
    }
    if (first != '[') {
        return first == letter;
    }
    const bool inverted = !pattern.empty() && pattern.front() == '^';
    pattern.remove_prefix(inverted ? 1 : 0);
    bool in = false;
    while (!pattern.empty() && pattern.front() != ']') {
        if (pattern.front() == '\\' && pattern.size() > 1) {
            pattern.remove_prefix(1);
        }
        char low = pattern.front();
        char high = low;
        pattern.remove_prefix(1);
        if (pattern.size() > 1 && pattern[0] == '-' && pattern[1] != ']') {
            high = pattern[1];
            pattern.remove_prefix(2);
        }
        if (static_cast<unsigned char>(low) > static_cast<unsigned char>(high)) {
            std::swap(low, high);
        }
        in = in || (static_cast<unsigned char>(letter) >= static_cast<unsigned char>(low) &&
                    static_cast<unsigned char>(letter) <= static_cast<unsigned char>(high));
    }
    pattern.remove_prefix(pattern.empty() ? 0 : 1);
    return in != inverted;
}

} // namespace

// Goes back to the last star only, so that no pattern takes longer than its length times the
// text's.
bool matches(std::string_view pattern, std::string_view text) noexcept {
    std::string_view after_star;
    std::string_view at_star;
    bool starred = false;
    while (!text.empty()) {
        if (!pattern.empty() && pattern.front() == '*') {
            pattern.remove_prefix(1);
            starred = true;
            after_star = pattern;
            at_star = text;
            continue;
        }
        if (!pattern.empty() && stands_for(pattern, text.front())) {
            text.remove_prefix(1);
            continue;
        }
        if (!starred) {
            return false;
        }
        at_star.remove_prefix(1);
        text = at_star;
        pattern = after_star;
    }
    while (!pattern.empty() && pattern.front() == '*') {
        pattern.remove_prefix(1);
    }
    return pattern.empty();
}

} // namespace cache
