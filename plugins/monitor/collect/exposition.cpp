#include "exposition.hpp"

#include <array>
#include <charconv>

namespace monitor {

namespace {

void escape(std::string_view text, bool quoted, std::string& out) {
    for (const char letter : text) {
        if (letter == '\n') {
            out += "\\n";
        } else if (letter == '\\' || (quoted && letter == '"')) {
            out += '\\';
            out += letter;
        } else {
            out += letter;
        }
    }
}

void head(const std::string& name, const SeriesRing::Family& family, std::string& out) {
    out.append("# HELP ").append(name).append(" ");
    escape(family.help.empty() ? std::string_view(name) : family.help, false, out);
    out.append("\n# TYPE ").append(name).append(" ").append(name_of(family.kind)).append("\n");
}

} // namespace

std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

std::string exposition(const SeriesRing& ring, std::string_view prefix,
                       const std::vector<Match>& match) {
    std::string out;
    const std::string* last = nullptr;
    ring.each_last([&](const std::string& name, const SeriesRing::Family& family,
                       const Labels& labels, double value) {
        if (!name.starts_with(prefix) || !matches(labels, match)) {
            return;
        }
        if (last != &name) {
            head(name, family, out);
            last = &name;
        }
        out += name;
        char before = '{';
        for (const auto& [label, text] : labels) {
            out.append(1, before).append(label).append("=\"");
            escape(text, true, out);
            out += '"';
            before = ',';
        }
        out.append(before == ',' ? "} " : " ").append(number_text(value)).append("\n");
    });
    return out;
}

} // namespace monitor
