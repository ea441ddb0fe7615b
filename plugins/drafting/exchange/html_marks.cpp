#include "html_marks.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "../analysis/entity.hpp"

namespace drafting::exchange {

namespace {

using Known = std::pair<std::string_view, Role>;

constexpr Known known_elements[] = {
    {"a", Role::link},           {"address", Role::block},    {"article", Role::block},
    {"aside", Role::block},      {"audio", Role::dropped},    {"b", Role::strong},
    {"blockquote", Role::quote}, {"body", Role::block},       {"br", Role::line_break},
    {"button", Role::dropped},   {"canvas", Role::dropped},   {"caption", Role::block},
    {"center", Role::block},     {"cite", Role::emphasis},    {"code", Role::code},
    {"dd", Role::block},         {"del", Role::deleted},      {"details", Role::block},
    {"dfn", Role::emphasis},     {"dir", Role::bullets},      {"div", Role::block},
    {"dl", Role::block},         {"dt", Role::block},         {"em", Role::emphasis},
    {"fieldset", Role::block},   {"figcaption", Role::block}, {"figure", Role::block},
    {"footer", Role::block},     {"form", Role::block},       {"h1", Role::heading},
    {"h2", Role::heading},       {"h3", Role::heading},       {"h4", Role::heading},
    {"h5", Role::heading},       {"h6", Role::heading},       {"head", Role::block},
    {"header", Role::block},     {"hr", Role::rule},          {"html", Role::block},
    {"i", Role::emphasis},       {"iframe", Role::dropped},   {"img", Role::image},
    {"input", Role::input},      {"kbd", Role::code},         {"legend", Role::block},
    {"li", Role::item},          {"main", Role::block},       {"math", Role::dropped},
    {"menu", Role::bullets},     {"nav", Role::block},        {"noframes", Role::dropped},
    {"noscript", Role::dropped}, {"object", Role::dropped},   {"ol", Role::numbers},
    {"option", Role::dropped},   {"p", Role::paragraph},      {"pre", Role::preformatted},
    {"s", Role::deleted},        {"samp", Role::code},        {"script", Role::dropped},
    {"section", Role::block},    {"select", Role::dropped},   {"strike", Role::deleted},
    {"strong", Role::strong},    {"style", Role::dropped},    {"summary", Role::block},
    {"svg", Role::dropped},      {"table", Role::table},      {"td", Role::cell},
    {"template", Role::dropped}, {"textarea", Role::dropped}, {"th", Role::cell},
    {"title", Role::title},      {"tr", Role::row},           {"tt", Role::code},
    {"ul", Role::bullets},       {"var", Role::emphasis},     {"video", Role::dropped},
};
static_assert(std::ranges::is_sorted(known_elements, {}, &Known::first));

char small(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string without_entities(std::string_view text) {
    std::string out;
    std::string meaning;
    for (std::size_t at = 0; at < text.size(); ++at) {
        out += text[at];
        if (text[at] == '&' && prose::read_entity(text.substr(at), meaning) > 0) {
            out += "amp;";
        }
    }
    return out;
}

} // namespace

Role role_of(std::string_view element) noexcept {
    const auto* const found = std::ranges::lower_bound(known_elements, element, {}, &Known::first);
    return found != std::end(known_elements) && found->first == element ? found->second
                                                                        : Role::inline_text;
}

bool read_address(std::string_view address, bool image, std::string& ret_address) {
    // As browsers read it: controls within are not there.
    std::string read;
    for (const char letter : address) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte > ' ' ? byte != 0x7FU : byte == ' ' && !read.empty()) {
            read += letter;
        }
    }
    while (read.ends_with(' ')) {
        read.pop_back();
    }
    std::string scheme;
    const std::size_t colon = read.find(':');
    const std::string before = read.substr(0, colon == std::string::npos ? 0 : colon);
    std::ranges::transform(before, std::back_inserter(scheme), small);
    const auto of_scheme = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               letter == '+' || letter == '-' || letter == '.';
    };
    if (!scheme.empty() && std::ranges::all_of(scheme, of_scheme) && scheme != "http" &&
        scheme != "https" && (image || scheme != "mailto")) {
        return false;
    }
    ret_address = without_entities(read);
    return true;
}

std::string one_line(std::string_view text) {
    std::string out = without_entities(text);
    std::ranges::replace(out, '\n', ' ');
    return out;
}

} // namespace drafting::exchange
