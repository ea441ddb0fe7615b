#include "blocks.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include "align.hpp"

namespace drafting::prose {

namespace {

// Where each line begins, and the end. A line ends with "\n", "\r\n" or "\r", as the parser has it.
std::vector<std::size_t> lines_of(std::string_view text, std::size_t from) {
    std::vector<std::size_t> lines{from};
    for (std::size_t at = from; at < text.size(); ++at) {
        if (text[at] == '\n' ||
            (text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n'))) {
            lines.push_back(at + 1);
        }
    }
    if (lines.back() != text.size()) {
        lines.push_back(text.size());
    }
    return lines;
}

// The library registers what it knows once in a process.
void register_extensions() {
    static std::once_flag once;
    std::call_once(once, cmark_gfm_core_extensions_ensure_registered);
}

cmark_node* parse(std::string_view text) {
    register_extensions();
    cmark_parser* parser = cmark_parser_new(CMARK_OPT_DEFAULT | CMARK_OPT_FOOTNOTES);
    for (const char* name : {"table", "strikethrough", "tasklist"}) {
        if (cmark_syntax_extension* extension = cmark_find_syntax_extension(name)) {
            cmark_parser_attach_syntax_extension(parser, extension);
        }
    }
    cmark_parser_feed(parser, text.data(), text.size());
    cmark_node* root = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return root;
}

struct Around {
    unsigned quotes = 0;
    unsigned items = 0;

    void count(cmark_node_type type, int by) {
        if (type == CMARK_NODE_BLOCK_QUOTE) {
            quotes += static_cast<unsigned>(by);
        } else if (type == CMARK_NODE_ITEM) {
            items += static_cast<unsigned>(by);
        }
    }
};

// The extension names its nodes in a header of its own, which is not installed.
bool is_row(cmark_node* node) {
    const auto type = static_cast<unsigned>(cmark_node_get_type(node));
    return type > static_cast<unsigned>(CMARK_NODE_FOOTNOTE_DEFINITION) &&
           (type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK &&
           std::string_view(cmark_node_get_type_string(node)).starts_with("table_") &&
           std::string_view(cmark_node_get_type_string(node)) != "table_cell";
}

bool is_named(cmark_node* node, std::string_view name) {
    return node != nullptr && cmark_node_get_type_string(node) == name;
}

struct Extent {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// The line "|---|---|" of a table, from this line on; or the last.
std::size_t delimiter_line(std::string_view text, const std::vector<std::size_t>& lines,
                           std::size_t from) {
    for (; from + 2 < lines.size(); ++from) {
        const auto line = text.substr(lines[from], lines[from + 1] - lines[from]);
        if (line.find_first_not_of("|:-> \t\r\n") == std::string_view::npos &&
            line.find('-') != std::string_view::npos) {
            break;
        }
    }
    return from;
}

// The lines of a node. A paragraph that a table follows at once has no lines of its own: those are
// said to be of the table's first row.
Extent extent_of(std::string_view text, const std::vector<std::size_t>& lines, cmark_node* node) {
    cmark_node* next = cmark_node_next(node);
    const bool torn = cmark_node_get_start_line(node) < 1 && is_named(next, "table");
    cmark_node* before =
        is_named(node, "table_header") ? cmark_node_previous(cmark_node_parent(node)) : nullptr;
    const bool moved = before != nullptr && cmark_node_get_start_line(before) < 1;
    cmark_node* told = torn ? next : node;
    const auto first = static_cast<std::size_t>(cmark_node_get_start_line(told));
    auto last = static_cast<std::size_t>(cmark_node_get_end_line(told));
    if (first < 1 || last < first || last >= lines.size()) {
        return {};
    }
    if (moved || torn) {
        const std::size_t delimiter = delimiter_line(text, lines, first - 1);
        if (moved) {
            return delimiter < 1 ? Extent() : Extent{lines[delimiter - 1], lines[delimiter]};
        }
        last = std::max(delimiter, first + 1) - 1;
    }
    const auto column = static_cast<std::size_t>(std::max(cmark_node_get_start_column(told), 1));
    return {std::min(lines[first - 1] + column - 1, lines[first]), lines[last]};
}

constexpr std::uint64_t row_kind = 8;

// What decides upon the blocks of a leaf: its kind and level, the quotes and lists around it.
std::uint64_t kind_of(cmark_node* node, const Around& around) {
    const auto type = cmark_node_get_type(node);
    const auto level = type == CMARK_NODE_HEADING
                           ? static_cast<std::uint64_t>(cmark_node_get_heading_level(node))
                       : type == CMARK_NODE_PARAGRAPH ? 0
                                                      : row_kind;
    return level | (around.items > 0 ? 0x10U : 0U) |
           (static_cast<std::uint64_t>(std::min(around.quotes, 0xFFFFFFU)) << 8U);
}

} // namespace

Span Block::source(Span range) const noexcept {
    const auto at = [this](std::uint32_t place, bool end) {
        const auto after = std::upper_bound(
            segments.begin(), segments.end(), end && place > 0 ? place - 1 : place,
            [](std::uint32_t wanted, const Segment& segment) { return wanted < segment.prose; });
        if (after == segments.begin()) {
            return segments.empty() ? 0U : segments.front().source;
        }
        const Segment& in = *std::prev(after);
        const std::uint32_t offset = place - in.prose;
        if (in.verbatim || offset == 0) {
            return in.source + std::min(offset, in.source_size);
        }
        return end ? in.source + in.source_size : in.source;
    };
    const std::uint32_t begin = at(range.begin, false);
    return {begin, std::max(begin, range.end > range.begin ? at(range.end, true) : begin)};
}

Source::Source(std::string_view text, Format format) : text_(text), format_(format) {
    if (format == Format::markdown) {
        read_markdown();
    } else {
        lines_ = lines_of(text_, 0);
        read_plain();
    }
}

Source::~Source() {
    if (root_ != nullptr) {
        cmark_node_free(static_cast<cmark_node*>(root_));
    }
}

void Source::read_markdown() {
    const std::size_t front = front_matter(text_);
    lines_ = lines_of(text_, front);
    cmark_node* root = parse(text_.substr(front));
    root_ = root;
    std::vector<std::pair<Leaf, void*>> found;
    Around around;
    cmark_iter* iter = cmark_iter_new(root);
    for (auto event = cmark_iter_next(iter); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(iter)) {
        cmark_node* node = cmark_iter_get_node(iter);
        const auto type = cmark_node_get_type(node);
        around.count(type, event == CMARK_EVENT_ENTER ? 1 : -1);
        const bool row = is_row(node);
        if (event != CMARK_EVENT_ENTER ||
            (!row && type != CMARK_NODE_PARAGRAPH && type != CMARK_NODE_HEADING)) {
            continue;
        }
        const Extent at = extent_of(text_, lines_, node);
        if (at.begin < at.end) {
            found.emplace_back(Leaf{at.begin, at.end, kind_of(node, around)}, node);
        }
        cmark_iter_reset(iter, node, CMARK_EVENT_EXIT); // past its children
    }
    cmark_iter_free(iter);
    std::ranges::stable_sort(found, {}, [](const auto& leaf) { return leaf.first.begin; });
    for (const auto& [leaf, node] : found) {
        leaves_.push_back(leaf);
        nodes_.push_back(node);
    }
}

// Paragraphs are parted by empty lines.
void Source::read_plain() {
    bool open = false;
    for (std::size_t line = 0; line + 1 < lines_.size(); ++line) {
        const auto text = text_.substr(lines_[line], lines_[line + 1] - lines_[line]);
        if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
            open = false;
        } else if (open) {
            leaves_.back().end = lines_[line + 1];
        } else {
            leaves_.push_back({lines_[line], lines_[line + 1], 0});
            open = true;
        }
    }
}

std::vector<Block> Source::blocks(std::size_t index) const {
    const Leaf& leaf = leaves_[index];
    std::vector<Block> blocks;
    if (format_ == Format::plain) {
        Block block;
        block.prose = text_.substr(leaf.begin, leaf.end - leaf.begin);
        std::ranges::replace(block.prose, '\n', ' ');
        std::ranges::replace(block.prose, '\r', ' ');
        const auto size = static_cast<std::uint32_t>(block.prose.size());
        block.segments.push_back({0, 0, size, size, true});
        blocks.push_back(std::move(block));
        return blocks;
    }
    auto* node = static_cast<cmark_node*>(nodes_[index]);
    const auto line_of = [this](std::size_t at) {
        const auto after = std::upper_bound(lines_.begin(), lines_.end(), at);
        return static_cast<std::size_t>(after - lines_.begin()) - 1;
    };
    const LeafLines place{text_,
                          lines_,
                          line_of(leaf.begin),
                          line_of(leaf.end - 1),
                          leaf.begin,
                          static_cast<unsigned>(leaf.kind >> 8U)};
    Aligner aligner(place);
    Block block;
    block.in_list = (leaf.kind & 0x10U) != 0;
    block.in_quote = place.quotes > 0;
    block.level = static_cast<std::uint8_t>(leaf.kind & 0x7U);
    block.kind = block.level > 0 ? BlockKind::heading : BlockKind::paragraph;
    if ((leaf.kind & row_kind) == 0) {
        aligner.read(node, block);
        blocks.push_back(std::move(block));
        return blocks;
    }
    block.kind = BlockKind::cell;
    for (cmark_node* cell = cmark_node_first_child(node); cell != nullptr;
         cell = cmark_node_next(cell)) {
        blocks.push_back(block);
        aligner.read(cell, blocks.back());
    }
    return blocks;
}

std::size_t front_matter(std::string_view text) noexcept {
    std::size_t at = text.starts_with("---\n") ? 4 : text.starts_with("---\r\n") ? 5 : 0;
    if (at == 0) {
        return 0;
    }
    while (at < text.size()) {
        const std::size_t newline = text.find('\n', at);
        const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
        auto line = text.substr(at, end - at);
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
            line.remove_suffix(1);
        }
        if (line == "---" || line == "...") {
            return end;
        }
        at = end;
    }
    return 0;
}

} // namespace drafting::prose
