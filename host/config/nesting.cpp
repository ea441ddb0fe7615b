#include "config/nesting.hpp"

#include <algorithm>

namespace noa::config {

namespace {

// The bytes of the string that `rest` starts with, its quotes included. An unterminated
// one-line string ends at its line: the parser stops there, so what follows does not count.
std::size_t string_length(std::string_view rest) {
    const char quote = rest.front();
    const bool escapes = quote == '"';
    const bool multi_line = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    std::size_t at = multi_line ? 3 : 1;
    for (; at < rest.size(); ++at) {
        if (escapes && rest[at] == '\\') {
            ++at;
        } else if (!multi_line && (rest[at] == quote || rest[at] == '\n')) {
            return at + 1;
        } else if (multi_line && rest.substr(at, 3) == std::string_view(rest.data(), 3)) {
            at += 3;
            // up to two more quotes belong to the text
            for (int more = 0; more < 2 && at < rest.size() && rest[at] == quote; ++more) {
                ++at;
            }
            return at;
        }
    }
    return rest.size();
}

} // namespace

std::optional<Place> find_deep_key(std::string_view toml, unsigned limit) {
    Place place;
    unsigned dots = 0;
    const auto advance = [&](std::size_t bytes) {
        const auto passed = toml.substr(0, bytes);
        const auto last = passed.rfind('\n');
        place.line += static_cast<std::uint32_t>(std::count(passed.begin(), passed.end(), '\n'));
        place.column = last == std::string_view::npos
                           ? place.column + static_cast<std::uint32_t>(bytes)
                           : static_cast<std::uint32_t>(bytes - last);
        toml.remove_prefix(std::min(bytes, toml.size()));
    };
    while (!toml.empty()) {
        std::size_t bytes = 1;
        switch (toml.front()) {
        case '"':
        case '\'': bytes = std::min(string_length(toml), toml.size()); break;
        case '#': bytes = std::min(toml.find('\n'), toml.size()); break;
        case '.':
            if (++dots >= limit) {
                return place;
            }
            break;
        case '\n':
        case '=':
        case ',':
        case '{':
        case '}':
        case '[':
        case ']': dots = 0; break;
        default: break;
        }
        advance(bytes);
    }
    return std::nullopt;
}

} // namespace noa::config
