#include "exposition.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace console {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// In thousandths; 1000 when it is not said, or not understood.
unsigned quality_of(std::string_view parameters) {
    const std::size_t found = parameters.find(";q=");
    if (found == std::string_view::npos) {
        return 1000;
    }
    std::string_view digits = parameters.substr(found + 3);
    digits = digits.substr(0, digits.find(';'));
    unsigned thousandths = 0;
    unsigned unit = 1000;
    for (const char letter : digits.substr(0, 5)) {
        if (letter >= '0' && letter <= '9') {
            thousandths += static_cast<unsigned>(letter - '0') * unit;
            unit /= 10;
        } else if (letter != '.') {
            return 1000;
        }
    }
    return std::min(thousandths, 1000U);
}

// "name_total" of "# TYPE name_total counter".
constexpr std::string_view total = "_total";

std::string_view family_of(std::string_view line) noexcept {
    const std::string_view rest = line.substr(std::min<std::size_t>(line.size(), 7));
    return rest.substr(0, rest.find(' '));
}

// Says of the next lines of a family, which begin with its help, whether it is a counter.
bool is_counter(std::string_view rest, std::string_view family) noexcept {
    const std::size_t next = rest.find("\n# TYPE ");
    if (next == std::string_view::npos) {
        return false;
    }
    const std::string_view type = rest.substr(next + 8);
    const std::string_view line = type.substr(0, type.find('\n'));
    return line.starts_with(family) && line.substr(family.size()) == " counter";
}

} // namespace

bool wants_open_metrics(std::string_view accept) {
    unsigned open = 0;
    unsigned plain = 0;
    while (!accept.empty()) {
        const std::string_view one = accept.substr(0, accept.find(','));
        accept.remove_prefix(std::min(accept.size(), one.size() + 1));
        const std::string_view type = trimmed(one.substr(0, one.find(';')));
        if (type == "application/openmetrics-text") {
            open = std::max(open, quality_of(one));
        } else if (type == "text/plain" || type == "*/*" || type == "text/*") {
            plain = std::max(plain, quality_of(one));
        }
    }
    return open > 0 && open >= plain;
}

std::string open_metrics(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 6);
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const std::string_view family = line.starts_with("# ") ? family_of(line) : "";
        const bool counter =
            family.ends_with(total) && (line.ends_with(" counter") ||
                                        (line.starts_with("# HELP ") && is_counter(text, family)));
        if (counter) {
            out.append(line.substr(0, 7)).append(family.substr(0, family.size() - total.size()));
            out.append(line.substr(7 + family.size()));
        } else {
            out.append(line);
        }
        out += '\n';
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    out += "# EOF\n";
    return out;
}

} // namespace console
