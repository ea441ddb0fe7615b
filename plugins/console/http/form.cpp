#include "form.hpp"

#include <algorithm>

#include "noa/sdk/json_text.hpp"

namespace console::http {

namespace {

int value_of_digit(char letter) noexcept {
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    const char low = static_cast<char>(letter | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        char letter = text[at] == '+' ? ' ' : text[at];
        if (letter == '%') {
            const int high = at + 2 < text.size() ? value_of_digit(text[at + 1]) : -1;
            const int low = at + 2 < text.size() ? value_of_digit(text[at + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            letter = static_cast<char>(high * 16 + low);
            at += 2;
        }
        out += letter;
    }
    for (std::string_view rest = out; !rest.empty();) {
        const std::size_t size = noa::sdk::utf8_sequence(rest);
        if (size == 0) {
            return std::nullopt;
        }
        rest.remove_prefix(size);
    }
    return out;
}

} // namespace

std::optional<std::map<std::string, std::string>> parse_form(std::string_view body) {
    std::map<std::string, std::string> fields;
    while (!body.empty()) {
        const std::string_view field = body.substr(0, body.find('&'));
        body.remove_prefix(std::min(field.size() + 1, body.size()));
        if (field.empty()) {
            continue;
        }
        const std::size_t equals = std::min(field.find('='), field.size());
        auto name = decoded(field.substr(0, equals));
        auto value = decoded(field.substr(std::min(equals + 1, field.size())));
        if (!name || !value || fields.size() >= most_fields ||
            !fields.emplace(*std::move(name), *std::move(value)).second) {
            return std::nullopt;
        }
    }
    return fields;
}

} // namespace console::http
