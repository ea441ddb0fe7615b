#include "noactl/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_width = 4; // of a column that is cut

std::string padded(const std::string& text, std::size_t width, bool to_right) {
    const std::size_t used = display_width(text);
    const std::string space(width > used ? width - used : 0, ' ');
    return to_right ? space + text : text + space;
}

} // namespace

Screen Screen::of_stdout(bool no_color) {
    Screen screen;
    if (::isatty(STDOUT_FILENO) == 1) {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
            screen.width = size.ws_col;
        }
        screen.color = !no_color;
    }
    return screen;
}

std::string colored(const std::string& text, Tone tone, const Screen& screen) {
    if (!screen.color || tone == Tone::plain || text.empty()) {
        return text;
    }
    const char* code = tone == Tone::good     ? "\x1b[32m"
                       : tone == Tone::notice ? "\x1b[33m"
                       : tone == Tone::bad    ? "\x1b[31m"
                                              : "\x1b[2m";
    return code + text + "\x1b[0m";
}

void Table::add(std::vector<Cell> row) {
    for (auto& cell : row) {
        cell.text = escape_text(cell.text);
    }
    row.resize(columns_.size(), Cell(""));
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(std::size_t limit) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = display_width(columns_[i].header);
        for (const auto& row : rows_) {
            width = std::max(width, display_width(row[i].text));
        }
        widths.push_back(width);
    }
    if (limit == 0 || widths.empty()) {
        return widths;
    }
    const std::size_t gaps = gap * (widths.size() - 1);
    while (std::accumulate(widths.begin(), widths.end(), gaps) > limit) {
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= least_width) {
            break;
        }
        --*widest;
    }
    return widths;
}

std::string Table::render(const Screen& screen) const {
    const auto width = widths(screen.width);
    std::string out;
    const auto add_line = [&](const auto& text_of, const auto& tone_of) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const bool last = i + 1 == columns_.size();
            const std::string text = cut_to(text_of(i), width[i]);
            const std::string cell =
                last && !columns_[i].to_right ? text : padded(text, width[i], columns_[i].to_right);
            line += (i == 0 ? "" : std::string(gap, ' ')) + colored(cell, tone_of(i), screen);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    const bool has_header = std::any_of(columns_.begin(), columns_.end(), [](const Column& column) {
        return !column.header.empty();
    });
    if (has_header) {
        add_line([&](std::size_t i) { return columns_[i].header; },
                 [](std::size_t) { return Tone::faint; });
    }
    for (const auto& row : rows_) {
        add_line([&](std::size_t i) { return row[i].text; },
                 [&](std::size_t i) { return row[i].tone; });
    }
    return out;
}

} // namespace noa::noactl
