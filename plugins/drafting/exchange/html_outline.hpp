// Elements of HTML, one after the other, put together to a document of Markdown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include "html_marks.hpp"

// The library has them, and no header that says so.
extern "C" {
extern cmark_node_type CMARK_NODE_TABLE;
extern cmark_node_type CMARK_NODE_TABLE_ROW;
extern cmark_node_type CMARK_NODE_TABLE_CELL;
extern cmark_node_type CMARK_NODE_STRIKETHROUGH;
}

namespace drafting::exchange {

struct FreeNode {
    void operator()(cmark_node* node) const noexcept { cmark_node_free(node); }
};
using Node = std::unique_ptr<cmark_node, FreeNode>;

// What an attribute says; null: it is not there.
using Attributes = std::function<const char*(std::string_view name)>;

class Outline {
public:
    Outline();

    // Elements are closed in the order in which they were opened, reversed.
    void open(std::string_view element, const Attributes& attributes);
    void close();
    void text(std::string_view utf8);

    // It has more than a draft may: what comes now is for nothing.
    [[nodiscard]] bool full() const noexcept;
    [[nodiscard]] std::string title() const;
    // To be called once, when all is closed.
    [[nodiscard]] Node finish();

private:
    struct Mark {
        Role role = Role::emphasis;
        std::size_t element = 0; // which one, of all there were
        std::string address;     // of links
        std::string title;
    };
    struct Opened {
        Role role = Role::inline_text;
        bool contains = false; // it is the last of containers_
        bool marks = false;    // the last of marks_
        bool cell = false;     // the leaf
    };
    struct Link {
        Mark mark;
        cmark_node* node = nullptr;
    };
    enum class Gap : std::uint8_t { none, space, newline, line_break };

    void open_block(Role role, std::string_view element, const Attributes& attributes);
    void open_list(bool numbers, const Attributes& attributes);
    void open_item();
    void open_mark(Role role, const Attributes& attributes);
    void open_cell(const Attributes& attributes);
    void add_image(const Attributes& attributes);
    void add_code_block();
    void add_table();
    void check_box(const Attributes& attributes);
    void line_break();

    // A block begins or ends; a cell goes on.
    void boundary();
    void end_leaf();
    void begin_leaf();
    [[nodiscard]] bool in_cell() const noexcept;
    [[nodiscard]] cmark_node* block_parent();
    [[nodiscard]] cmark_node* inline_parent() const noexcept;
    cmark_node* contain(cmark_node_type type);
    void begin_word();
    void gap_to(cmark_node* parent);
    void flush();
    void plain(std::string_view word);
    cmark_node* add(cmark_node* parent, Node node);

    Node root_;
    std::vector<Opened> opened_;
    std::vector<cmark_node*> containers_;
    std::vector<Mark> marks_;
    std::vector<Link> chain_; // marks that are in the leaf
    cmark_node* leaf_ = nullptr;
    std::vector<std::vector<Node>> rows_; // of the table that is open
    std::vector<std::uint8_t> alignments_;
    bool in_table_ = false;
    bool line_begins_ = false;
    Gap gap_ = Gap::none;
    std::string text_; // of the leaf, not a node yet
    std::string code_;
    bool code_within_ = false; // it begins in an element within
    std::string language_;
    std::string title_;
    std::size_t preformatted_ = 0; // depths; 0: it is not within one
    std::size_t dropped_ = 0;
    std::size_t titles_ = 0;
    std::size_t elements_ = 0;
    std::size_t nodes_ = 0;
};

// Marks that Markdown could not tell where they are ("a<b>.b</b>") go; their text stays.
void drop_unreadable_marks(cmark_node* root);

} // namespace drafting::exchange
