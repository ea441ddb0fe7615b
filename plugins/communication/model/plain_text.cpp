#include "plain_text.hpp"

#include <algorithm>

namespace communication {

namespace {

bool is_of_number(char letter) {
    return (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
}

bool is_key(std::string_view json, std::size_t end) {
    const std::size_t next = json.find_first_not_of(" \t\r\n", end);
    return next != std::string_view::npos && json[next] == ':';
}

std::string text_of_json(std::string_view json, std::size_t most) {
    std::string out;
    for (std::size_t at = 0; at < json.size() && out.size() < most;) {
        if (json[at] != '"') {
            if (is_of_number(json[at])) {
                out += json[at];
            } else if (!out.empty() && out.back() != ' ') {
                out += ' ';
            }
            ++at;
            continue;
        }
        const std::size_t end = end_of_text(json, at);
        if (!is_key(json, end)) {
            out += JsonScan::unescaped(json.substr(at, end - at)) + ' ';
        }
        at = end;
    }
    return out;
}

} // namespace

bool is_json(std::string_view content_type) noexcept {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    return type == noa::sdk::json_content_type || type.ends_with("+json");
}

std::size_t end_of_text(std::string_view json, std::size_t at) noexcept {
    for (++at; at < json.size() && json[at] != '"'; ++at) {
        at += json[at] == '\\' ? 1 : 0;
    }
    return std::min(at + 1, json.size());
}

std::string_view cut_text(std::string_view utf8, std::size_t most) noexcept {
    if (utf8.size() <= most) {
        return utf8;
    }
    while (most > 0 && (static_cast<unsigned char>(utf8[most]) & 0xC0U) == 0x80) {
        --most;
    }
    return utf8.substr(0, most);
}

std::string plain_text(std::string_view body, std::string_view content_type, std::size_t most) {
    if (is_json(content_type)) {
        std::string text = text_of_json(body, most);
        text.resize(cut_text(text, most).size());
        return text;
    }
    return content_type.starts_with("text/") ? std::string(cut_text(body, most)) : std::string();
}

} // namespace communication
