#include "exposition.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <map>
#include <utility>

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

void line(const std::string& name, const Labels& labels, double value, std::string& out) {
    out += name;
    char before = '{';
    for (const auto& [label, text] : labels) {
        out.append(1, before).append(label).append("=\"");
        escape(text, true, out);
        out += '"';
        before = ',';
    }
    out.append(before == ',' ? "} " : " ").append(number_text(value)).append("\n");
}

// The three families of one histogram: told together, its bounds in order.
class Buckets {
public:
    void take(const std::string& base, const std::string& name, const SeriesRing::Family& family,
              const Labels& labels, double value) {
        if (head_.empty()) {
            head(base, family, head_);
        }
        if (!name.ends_with("_bucket")) {
            line(name, labels, value, rest_);
            return;
        }
        Labels others = labels;
        double bound = 0;
        std::erase_if(others, [&](const auto& label) {
            if (label.first != "le") {
                return false;
            }
            bound = label.second == "+Inf" ? std::numeric_limits<double>::infinity()
                                           : std::strtod(label.second.c_str(), nullptr);
            return true;
        });
        std::string text;
        line(name, labels, value, text);
        buckets_[{std::move(others), bound}] = std::move(text);
    }
    void write(std::string& out) const {
        out += head_;
        for (const auto& [place, text] : buckets_) {
            out += text;
        }
        out += rest_;
    }

private:
    std::string head_;
    std::map<std::pair<Labels, double>, std::string> buckets_;
    std::string rest_;
};

} // namespace

std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

std::string exposition(const SeriesRing& ring, std::string_view prefix,
                       const std::vector<Match>& match) {
    std::string out;
    std::map<std::string, Buckets> histograms;
    const std::string* last = nullptr;
    ring.each_last([&](const std::string& name, const SeriesRing::Family& family,
                       const Labels& labels, double value) {
        if (!name.starts_with(prefix) || !matches(labels, match)) {
            return;
        }
        if (family.kind == Kind::histogram) {
            const std::string base = name.substr(0, name.rfind('_'));
            histograms[base].take(base, name, family, labels, value);
            return;
        }
        if (last != &name) {
            head(name, family, out);
            last = &name;
        }
        line(name, labels, value, out);
    });
    for (auto& [base, buckets] : histograms) {
        buckets.write(out);
    }
    return out;
}

} // namespace monitor
