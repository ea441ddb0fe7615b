#include "normal_form.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace communication {

namespace {

constexpr int most_rounds = 3;
constexpr char32_t highest = 0x10FFFF;

// A character, and how many bytes it took.
struct Decoded {
    char32_t code = 0;
    std::size_t size = 0;
};

std::optional<char32_t> number(std::string_view digits, int base, std::size_t& ret_size) {
    std::uint32_t code = 0;
    const char* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, code, base);
    ret_size = static_cast<std::size_t>(rest - digits.data());
    return error == std::errc() && code <= highest ? std::optional<char32_t>(code) : std::nullopt;
}

// Of exactly so many digits.
Decoded hex(std::string_view text, std::size_t before, std::size_t digits) {
    std::size_t size = 0;
    const auto code = text.size() >= before + digits ? number(text.substr(before, digits), 16, size)
                                                     : std::nullopt;
    return code && size == digits ? Decoded{*code, before + digits} : Decoded{};
}

Decoded percent(std::string_view text) {
    return text.size() > 1 && (text[1] == 'u' || text[1] == 'U') ? hex(text, 2, 4)
                                                                 : hex(text, 1, 2);
}

Decoded escape(std::string_view text) {
    if (text.size() < 2) {
        return {};
    }
    if (text[1] == 'x') {
        return hex(text, 2, 2);
    }
    if (text[1] != 'u') {
        return {};
    }
    if (text.size() > 2 && text[2] == '{') {
        std::size_t size = 0;
        const auto code = number(text.substr(3, 8), 16, size);
        const bool closed = text.substr(3 + size).starts_with('}');
        return code && closed ? Decoded{*code, size + 4} : Decoded{};
    }
    return hex(text, 2, 4);
}

Decoded entity(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, char>, 16> named{{
        {"&lt", '<'},
        {"&gt", '>'},
        {"&amp", '&'},
        {"&quot", '"'},
        {"&apos", '\''},
        {"&colon", ':'},
        {"&tab", '\t'},
        {"&newline", '\n'},
        {"&lpar", '('},
        {"&rpar", ')'},
        {"&equals", '='},
        {"&semi", ';'},
        {"&sol", '/'},
        {"&nbsp", ' '},
        {"&num", '#'},
        {"&comma", ','},
    }};
    Decoded found;
    if (text.size() > 2 && text[1] == '#') {
        const bool is_hex = text[2] == 'x' || text[2] == 'X';
        const std::size_t before = is_hex ? 3 : 2;
        std::size_t size = 0;
        const auto code =
            number(text.substr(std::min(before, text.size()), 10), is_hex ? 16 : 10, size);
        found = code ? Decoded{*code, before + size} : Decoded{};
    }
    for (const auto& [name, letter] : named) {
        const bool same = text.size() >= name.size() &&
                          std::equal(name.begin(), name.end(), text.begin(), [](char a, char b) {
                              return a == (b >= 'A' && b <= 'Z' ? b + 32 : b);
                          });
        found = same ? Decoded{static_cast<char32_t>(letter), name.size()} : found;
    }
    found.size += found.size > 0 && text.substr(found.size).starts_with(';') ? 1 : 0;
    return found;
}

// What encodes no more bytes than it took.
void append(std::string& out, char32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0U | code >> 6U);
        out += static_cast<char>(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0U | code >> 12U);
        out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
        out += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
        out += static_cast<char>(0xF0U | code >> 18U);
        out += static_cast<char>(0x80U | (code >> 12U & 0x3FU));
        out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
        out += static_cast<char>(0x80U | (code & 0x3FU));
    }
}

// A percent is a byte, whatever comes of it beside others; the rest are characters.
std::string decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const Decoded one = rest[0] == '%'    ? percent(rest)
                            : rest[0] == '&'  ? entity(rest)
                            : rest[0] == '\\' ? escape(rest)
                                              : Decoded{};
        if (one.size == 0) {
            out += rest[0];
            ++at;
        } else if (rest[0] == '%' && one.code < 0x100) {
            out += static_cast<char>(one.code);
            at += one.size;
        } else {
            append(out, one.code);
            at += one.size;
        }
    }
    return out;
}

// Lenient: an overlong form is what it stands for, a byte that is none of UTF-8 is itself.
Decoded character(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned lead = byte(0);
    const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 1 || size > text.size()) {
        return {lead, 1};
    }
    char32_t code = lead & (0xFFU >> (size + 1));
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xC0U) != 0x80) {
            return {lead, 1};
        }
        code = code << 6U | (byte(at) & 0x3FU);
    }
    return {code, size};
}

bool is_unseen(char32_t code) {
    return code < 0x20 || code == 0x7F || code == 0xAD || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2060 && code <= 0x2064) ||
           (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF || code == 0x180E;
}

bool is_space(char32_t code) {
    return code == ' ' || (code >= 0x09 && code <= 0x0D) || code == 0x85 || code == 0xA0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

char32_t plain(char32_t code) {
    if (code >= 0xFF01 && code <= 0xFF5E) {
        code -= 0xFEE0; // of full width
    } else if (code >= 0x1D400 && code <= 0x1D6A3) {
        const char32_t letter = (code - 0x1D400) % 52; // of mathematics
        code = letter < 26 ? 'A' + letter : 'a' + letter - 26;
    } else if (code == 0x2018 || code == 0x2019 || code == 0x02BC || code == 0x2032) {
        code = '\'';
    } else if (code == 0x201C || code == 0x201D || code == 0x2033) {
        code = '"';
    } else if (code == 0x2039 || code == 0xFE64 || code == 0x3008) {
        code = '<';
    } else if (code == 0x203A || code == 0xFE65 || code == 0x3009) {
        code = '>';
    } else if (code == 0x017F) {
        code = 's'; // long
    } else if (code == 0x212A) {
        code = 'k'; // Kelvin
    }
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
}

std::string folded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Decoded one = character(text.substr(at));
        if (is_space(one.code)) {
            out += out.empty() || out.back() != ' ' ? " " : "";
        } else if (!is_unseen(one.code)) {
            const char32_t code = plain(one.code);
            if (one.size == 1) {
                out += static_cast<char>(code);
            } else {
                append(out, code);
            }
        }
        at += one.size;
    }
    return out;
}

} // namespace

std::string normal_form(std::string_view text) {
    std::string now(text);
    for (int round = 0; round < most_rounds; ++round) {
        std::string next = now.find_first_of("%&\\") == std::string::npos ? now : decoded(now);
        if (next == now) {
            break;
        }
        now = std::move(next);
    }
    return folded(now);
}

std::string without_comments(std::string_view normal) {
    std::string out;
    out.reserve(normal.size());
    const auto add = [&out](std::string_view text) {
        text.remove_prefix(text.starts_with(' ') && out.ends_with(' ') ? 1 : 0);
        out.append(text);
    };
    for (std::size_t at = 0; at < normal.size();) {
        const std::size_t begin = std::min(normal.find("/*", at), normal.size());
        add(normal.substr(at, begin - at));
        if (begin == normal.size()) {
            break;
        }
        const std::size_t end = std::min(normal.find("*/", begin + 2), normal.size());
        add(" ");
        if (normal.substr(begin).starts_with("/*!")) {
            std::string_view run = normal.substr(begin + 3, end - std::min(end, begin + 3));
            run.remove_prefix(std::min(run.find_first_not_of("0123456789"), run.size()));
            add(run);
            add(" ");
        }
        at = end + 2;
    }
    return out;
}

} // namespace communication
