#include "target.hpp"

#include <algorithm>

#include "noa/sdk/json_text.hpp"

namespace console::http {

namespace {

int hex_digit(char letter) noexcept {
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    const char low = static_cast<char>(letter | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = noa::sdk::utf8_sequence(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

// `plus`: '+' is a space, as in forms.
std::optional<std::string> decode(std::string_view text, bool plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        char letter = text[at];
        if (letter == '%') {
            const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
            const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            letter = static_cast<char>(high * 16 + low);
            at += 2;
        } else if (letter == '+' && plus) {
            letter = ' ';
        }
        const auto code = static_cast<unsigned char>(letter);
        if (code < 0x20U || code == 0x7FU) {
            return std::nullopt;
        }
        out += letter;
    }
    return is_utf8(out) ? std::optional(std::move(out)) : std::nullopt;
}

// What stands between two '/'.
bool append_part(std::string_view raw, std::string& path) {
    const auto part = decode(raw, false);
    if (!part || part->empty() || *part == "." || *part == ".." ||
        part->find_first_of("/\\") != std::string::npos) {
        return false;
    }
    path.append("/").append(*part);
    return true;
}

std::optional<std::string> path_of(std::string_view raw) {
    if (raw.empty() || raw.front() != '/') {
        return std::nullopt;
    }
    if (raw.size() == 1) {
        return "/";
    }
    std::string path;
    for (raw.remove_prefix(1);;) {
        const std::size_t end = raw.find('/');
        if (!append_part(raw.substr(0, end), path)) {
            return std::nullopt;
        }
        if (end == std::string_view::npos) {
            return path;
        }
        raw.remove_prefix(end + 1);
    }
}

bool read_query(std::string_view raw, Target& into) {
    while (!raw.empty()) {
        const std::string_view one = raw.substr(0, raw.find('&'));
        raw.remove_prefix(std::min(raw.size(), one.size() + 1));
        if (one.empty()) {
            continue;
        }
        const std::size_t equals = one.find('=');
        auto name = decode(one.substr(0, equals), true);
        auto value = decode(equals == std::string_view::npos ? "" : one.substr(equals + 1), true);
        if (!name || !value || into.query.size() >= most_parameters) {
            return false;
        }
        into.query.emplace_back(std::move(*name), std::move(*value));
    }
    return true;
}

// "[::1]:9300" and "localhost:9300" without the port; empty when something else stands behind.
std::string_view without_port(std::string_view host) noexcept {
    const std::size_t close = host.starts_with('[') ? host.find(']') : 0;
    if (close == std::string_view::npos) {
        return {};
    }
    const std::string_view name =
        close > 0 ? host.substr(0, close + 1) : host.substr(0, host.find(':'));
    const std::string_view rest = host.substr(name.size());
    const bool port = rest.size() >= 2 && rest.size() <= 6 && rest.front() == ':' &&
                      rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
    return rest.empty() || port ? name : std::string_view();
}

} // namespace

const std::string* Target::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    return found == query.end() ? nullptr : &found->second;
}

bool same_word(std::string_view one, std::string_view other) noexcept {
    const auto low = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    };
    return std::ranges::equal(one, other, {}, low, low);
}

std::optional<Target> parse_target(std::string_view text) {
    if (text.size() > longest_target || text.find('#') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t end = text.find('?');
    auto path = path_of(text.substr(0, end));
    if (!path) {
        return std::nullopt;
    }
    Target target{std::move(*path), {}};
    if (end != std::string_view::npos && !read_query(text.substr(end + 1), target)) {
        return std::nullopt;
    }
    return target;
}

bool is_own_host(std::string_view host, const std::vector<std::string>& others) {
    const std::string_view name = without_port(host);
    if (name.empty()) {
        return false;
    }
    return same_word(name, "localhost") || name == "127.0.0.1" || name == "[::1]" ||
           std::ranges::any_of(others,
                               [&](const std::string& other) { return same_word(name, other); });
}

bool is_traceparent(std::string_view text) noexcept {
    constexpr std::string_view form = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
    const auto says_something = [&](std::size_t at, std::size_t size) {
        return text.substr(at, size).find_first_not_of('0') != std::string_view::npos;
    };
    return std::ranges::equal(text, form,
                              [](char letter, char wanted) {
                                  const bool digit = (letter >= '0' && letter <= '9') ||
                                                     (letter >= 'a' && letter <= 'f');
                                  return wanted == 'h' ? digit : letter == wanted;
                              }) &&
           says_something(3, 32) && says_something(36, 16);
}

bool is_own_origin(std::string_view origin, std::string_view host) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme)) {
            return same_word(origin.substr(scheme.size()), host);
        }
    }
    return false;
}

} // namespace console::http
