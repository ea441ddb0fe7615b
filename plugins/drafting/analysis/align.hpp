// Finds in the source what the Markdown parser made of it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "blocks.hpp"

struct cmark_node;

namespace drafting::prose {

// Where a leaf lies: its lines are those of the text from the first to the last.
struct LeafLines {
    std::string_view text;
    const std::vector<std::size_t>& lines; // where each begins, and one past the last
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t begin = 0; // of the leaf
    unsigned quotes = 0;   // block quotes around it
};

// Walks the inline nodes of one leaf and the source side by side. The parser's own columns are
// wrong behind lazy lines and escapes, so each piece of text is looked for where it may be, passing
// over marks only. What is not found there is left out: it is not checked rather than checked in
// the wrong place.
class Aligner {
public:
    explicit Aligner(const LeafLines& leaf);

    // The prose of the node's children. May be called for one cell of a row after the other.
    void read(cmark_node* node, Block& into);

private:
    void enter(cmark_node* node, Block& into);
    void leave(cmark_node* node, Block& into);
    void take_text(std::string_view literal, Block& into);
    [[nodiscard]] bool match(std::string_view literal, std::size_t at, std::size_t end);
    void take_code(Block& into);
    void take_html(std::string_view literal);
    void take_break(std::string_view prose, Block& into);
    void begin_link();
    void end_link(bool image, Block& into);
    void put(std::string_view prose, std::size_t at, std::size_t size, Block& into) const;
    [[nodiscard]] std::size_t content_of(std::size_t line) const;
    [[nodiscard]] std::size_t past_target(std::size_t at) const;
    [[nodiscard]] std::size_t line_end() const;
    void to_line_of(std::size_t at);

    struct Piece {
        std::size_t prose = 0;
        std::size_t prose_size = 0;
        std::size_t source = 0;
        std::size_t source_size = 0;
    };

    const LeafLines& leaf_;
    std::vector<Piece> pieces_; // of the text matched last
    std::size_t line_;
    std::size_t cursor_;
    std::size_t end_;
    bool started_ = false;
    unsigned hidden_ = 0; // depth of images and of links that are addresses
    std::size_t hidden_from_ = 0;
};

} // namespace drafting::prose
