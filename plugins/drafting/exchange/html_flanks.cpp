// Where Markdown could not tell a mark. Its rule: what opens is not before a blank, nor before
// punctuation unless a blank or punctuation is before it; what closes, the other way round.
#include <vector>

#include <cmark-gfm/utf8.h> // as the parser itself sees them

#include "../analysis/utf.hpp"
#include "html_outline.hpp"

namespace drafting::exchange {

namespace {

enum class Kind : std::uint8_t { blank, punctuation, other };

Kind kind_of(std::int32_t character) noexcept {
    if (cmark_utf8proc_is_space(character) != 0) {
        return Kind::blank;
    }
    return cmark_utf8proc_is_punctuation(character) != 0 ? Kind::punctuation : Kind::other;
}

Kind first_of(std::string_view text) noexcept {
    std::size_t at = 0;
    return text.empty() ? Kind::blank : kind_of(prose::next_character(text, at));
}

Kind last_of(std::string_view text) noexcept {
    std::size_t at = text.size();
    while (at > 0 && (static_cast<unsigned char>(text[--at]) & 0xC0U) == 0x80U) {}
    return first_of(text.substr(at));
}

// What is seen of a node from outside.
Kind edge_of(cmark_node* node, bool first) {
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT: {
        const std::string_view text = cmark_node_get_literal(node);
        return first ? first_of(text) : last_of(text);
    }
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK: return Kind::blank;
    default: return Kind::punctuation; // a mark of its own
    }
}

bool is_emphasis(cmark_node* node) {
    const auto type = cmark_node_get_type(node);
    return type == CMARK_NODE_EMPH || type == CMARK_NODE_STRONG;
}

// What is before or behind a node. Stars that follow one another are one mark.
Kind beside(cmark_node* node, bool before) {
    while ((before ? cmark_node_previous(node) : cmark_node_next(node)) == nullptr &&
           is_emphasis(cmark_node_parent(node))) {
        node = cmark_node_parent(node);
    }
    if (cmark_node* next = before ? cmark_node_previous(node) : cmark_node_next(node)) {
        return edge_of(next, !before);
    }
    const auto type = cmark_node_get_type(cmark_node_parent(node));
    return (type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE ? Kind::punctuation
                                                                   : Kind::blank;
}

bool holds(Kind outside, Kind inside) noexcept {
    return inside != Kind::blank && (inside != Kind::punctuation || outside != Kind::other);
}

bool is_readable(cmark_node* mark) {
    cmark_node* first = cmark_node_first_child(mark);
    cmark_node* last = cmark_node_last_child(mark);
    while (first != nullptr && is_emphasis(first)) {
        first = cmark_node_first_child(first);
    }
    while (last != nullptr && is_emphasis(last)) {
        last = cmark_node_last_child(last);
    }
    return first != nullptr && last != nullptr && holds(beside(mark, true), edge_of(first, true)) &&
           holds(beside(mark, false), edge_of(last, false));
}

} // namespace

void drop_unreadable_marks(cmark_node* root) {
    std::vector<cmark_node*> marks;
    cmark_iter* all = cmark_iter_new(root);
    for (auto event = cmark_iter_next(all); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(all)) {
        cmark_node* node = cmark_iter_get_node(all);
        const auto type = cmark_node_get_type(node);
        if (event == CMARK_EVENT_EXIT && (is_emphasis(node) || type == CMARK_NODE_STRIKETHROUGH)) {
            marks.push_back(node);
        }
    }
    cmark_iter_free(all);
    for (cmark_node* mark : marks) { // those within come first
        if (is_readable(mark)) {
            continue;
        }
        while (cmark_node* child = cmark_node_first_child(mark)) {
            cmark_node_insert_before(mark, child);
        }
        cmark_node_free(mark);
    }
    cmark_consolidate_text_nodes(root);
}

} // namespace drafting::exchange
