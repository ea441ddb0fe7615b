// Aligned columns for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace noa::noactl {

enum class Tone : std::uint8_t { plain, good, notice, bad, faint };

// Where it is shown.
struct Screen {
    std::size_t width = 0; // columns; 0: no limit
    bool color = false;

    // Standard output: a terminal's width, or no limit; color unless `no_color`.
    [[nodiscard]] static Screen of_stdout(bool no_color);
};

[[nodiscard]] std::string colored(const std::string& text, Tone tone, const Screen& screen);

struct Cell {
    Cell(std::string the_text, Tone the_tone = Tone::plain)
        : text(std::move(the_text)), tone(the_tone) {}
    Cell(const char* the_text) : Cell(std::string(the_text)) {}
    std::string text; // anything; escaped when it is shown
    Tone tone;
};

struct Column {
    std::string header;
    bool to_right = false;
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // One cell per column.
    void add(std::vector<Cell> row);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    // Too wide: the widest columns are cut. Each line ends with a newline.
    [[nodiscard]] std::string render(const Screen& screen) const;

private:
    [[nodiscard]] std::vector<std::size_t> widths(std::size_t limit) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

} // namespace noa::noactl
