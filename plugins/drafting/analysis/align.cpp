#include "align.hpp"

#include <algorithm>

#include <cmark-gfm.h>

#include "entity.hpp"

namespace drafting::prose {

namespace {

// Marks that may stand between two pieces of text of one line.
constexpr std::string_view marks = "*_~\\[]!#|<>";

bool is_blank(char byte) noexcept {
    return byte == ' ' || byte == '\t';
}
bool is_mark(char byte) noexcept {
    return is_blank(byte) || marks.find(byte) != std::string_view::npos;
}

// Punctuation of ASCII: what a backslash before it is not shown with.
bool is_escaped(char byte) noexcept {
    return byte > ' ' && byte < 0x7F && (byte < '0' || byte > '9') &&
           ((byte | 0x20) < 'a' || (byte | 0x20) > 'z');
}

std::string_view text_of(cmark_node* node) {
    const char* literal = cmark_node_get_literal(node);
    return literal != nullptr ? literal : std::string_view();
}

// "target", "<target>", and a title behind; not: "words in parentheses".
bool is_target(std::string_view inside) {
    constexpr std::string_view blanks = " \t\r\n>";
    const std::size_t begin = std::min(inside.find_first_not_of(blanks), inside.size());
    inside.remove_prefix(begin);
    if (inside.starts_with('<')) {
        return true;
    }
    const std::size_t end = std::min(inside.find_first_of(" \t\r\n"), inside.size());
    const std::size_t title = inside.find_first_not_of(blanks, end);
    return title == std::string_view::npos ||
           std::string_view("\"'(").find(inside[title]) != std::string_view::npos;
}

// The link says nothing but where it leads.
bool is_address(cmark_node* link) {
    cmark_node* text = cmark_node_first_child(link);
    const char* url = cmark_node_get_url(link);
    if (text == nullptr || url == nullptr || cmark_node_get_type(text) != CMARK_NODE_TEXT) {
        return false;
    }
    std::string_view target = url;
    const std::string_view shown = text_of(text);
    return !shown.empty() && (target.starts_with(shown) || target.starts_with("mailto:"));
}

} // namespace

Aligner::Aligner(const LeafLines& leaf)
    : leaf_(leaf), line_(leaf.first), cursor_(leaf.begin), end_(leaf.lines[leaf.last + 1]) {
    const std::string_view text = leaf_.text.substr(cursor_, 4); // a task's box
    if (text.size() == 4 && text[0] == '[' && text[2] == ']' && is_blank(text[3])) {
        cursor_ += 4;
    }
}

void Aligner::read(cmark_node* node, Block& into) {
    cmark_iter* iter = cmark_iter_new(node);
    for (auto event = cmark_iter_next(iter); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(iter)) {
        cmark_node* at = cmark_iter_get_node(iter);
        if (at == node) {
            continue;
        }
        if (event == CMARK_EVENT_ENTER) {
            enter(at, into);
        } else {
            leave(at, into);
        }
    }
    cmark_iter_free(iter);
}

void Aligner::enter(cmark_node* node, Block& into) {
    const auto type = cmark_node_get_type(node);
    if (type == CMARK_NODE_TEXT) {
        take_text(text_of(node), into);
    } else if (type == CMARK_NODE_SOFTBREAK) {
        take_break(" ", into);
    } else if (type == CMARK_NODE_LINEBREAK) {
        take_break("\n", into);
    } else if (type == CMARK_NODE_CODE) {
        take_code(into);
    } else if (type == CMARK_NODE_HTML_INLINE) {
        take_html(text_of(node));
    } else if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) {
        begin_link();
        if (hidden_ > 0 || type == CMARK_NODE_IMAGE || is_address(node)) {
            ++hidden_;
        }
    } else if (type == CMARK_NODE_FOOTNOTE_REFERENCE) {
        const std::size_t begin = leaf_.text.find("[^", cursor_);
        const std::size_t end = begin < end_ ? leaf_.text.find(']', begin) : std::string_view::npos;
        if (end < end_) {
            cursor_ = end + 1;
        }
    }
}

void Aligner::leave(cmark_node* node, Block& into) {
    const auto type = cmark_node_get_type(node);
    if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) {
        end_link(type == CMARK_NODE_IMAGE, into);
    }
}

void Aligner::put(std::string_view prose, std::size_t at, std::size_t size, Block& into) const {
    if (hidden_ > 0) {
        return;
    }
    // A line's end is a space in prose.
    const bool verbatim = leaf_.text.substr(at, size) == prose ||
                          (size == 1 && prose.size() == 1 && leaf_.text[at] == '\n');
    const auto prose_size = static_cast<std::uint32_t>(prose.size());
    const auto source_size = static_cast<std::uint32_t>(size);
    const auto source = static_cast<std::uint32_t>(at - leaf_.begin);
    const auto begin = static_cast<std::uint32_t>(into.prose.size());
    into.prose += prose;
    if (!into.segments.empty() && verbatim) {
        Segment& last = into.segments.back();
        if (last.verbatim && last.source + last.source_size == source) {
            last.prose_size += prose_size;
            last.source_size += source_size;
            return;
        }
    }
    into.segments.push_back({begin, source, prose_size, source_size, verbatim});
}

void Aligner::take_text(std::string_view literal, Block& into) {
    if (literal.empty()) {
        return;
    }
    for (;;) {
        const std::size_t end = line_end();
        for (std::size_t at = cursor_; at < end; ++at) {
            if (match(literal, at, end)) {
                for (const Piece& piece : pieces_) {
                    put(literal.substr(piece.prose, piece.prose_size), piece.source,
                        piece.source_size, into);
                }
                cursor_ = pieces_.back().source + pieces_.back().source_size;
                started_ = true;
                return;
            }
            if (!is_mark(leaf_.text[at])) {
                break;
            }
        }
        // Definitions of links, which the parser took away, may stand before the text.
        if (started_ || line_ >= leaf_.last) {
            return;
        }
        ++line_;
        cursor_ = content_of(line_);
    }
}

// Whether the source says this from that place on, by itself, escaped or as entities.
bool Aligner::match(std::string_view literal, std::size_t at, std::size_t end) {
    pieces_.clear();
    std::string meaning;
    for (std::size_t said = 0; said < literal.size();) {
        if (at >= end) {
            return false;
        }
        if (leaf_.text[at] == '&') {
            const std::size_t size = read_entity(leaf_.text.substr(at, end - at), meaning);
            if (size > 0) {
                if (meaning.empty() || !literal.substr(said).starts_with(meaning)) {
                    return false;
                }
                pieces_.push_back({said, meaning.size(), at, size});
                said += meaning.size();
                at += size;
                continue;
            }
        }
        if (leaf_.text[at] == '\\' && at + 1 < end && leaf_.text[at + 1] == literal[said] &&
            is_escaped(literal[said])) {
            ++at;
        }
        if (leaf_.text[at] != literal[said]) {
            return false;
        }
        if (!pieces_.empty() && pieces_.back().source + pieces_.back().source_size == at &&
            pieces_.back().prose_size == pieces_.back().source_size) {
            ++pieces_.back().prose_size;
            ++pieces_.back().source_size;
        } else {
            pieces_.push_back({said, 1, at, 1});
        }
        ++said;
        ++at;
    }
    return true;
}

void Aligner::take_break(std::string_view prose, Block& into) {
    const std::size_t from = cursor_;
    if (line_ >= leaf_.last) {
        return;
    }
    ++line_;
    cursor_ = std::max(cursor_, content_of(line_));
    put(prose, from, std::max<std::size_t>(cursor_ - from, 1), into);
}

void Aligner::take_code(Block& into) {
    const std::string_view text = leaf_.text.substr(0, end_);
    const std::size_t open = text.find('`', cursor_);
    if (open == std::string_view::npos) {
        return;
    }
    std::size_t width = 1;
    while (open + width < text.size() && text[open + width] == '`') {
        ++width;
    }
    for (std::size_t at = open + width; at < text.size();) {
        if (text[at] != '`') {
            ++at;
            continue;
        }
        std::size_t run = 1;
        while (at + run < text.size() && text[at + run] == '`') {
            ++run;
        }
        if (run == width) {
            put(placeholder, open, at + run - open, into);
            to_line_of(at + run);
            started_ = true;
            return;
        }
        at += run;
    }
}

// A tag parts no words: <b>b</b>old.
void Aligner::take_html(std::string_view literal) {
    const std::string_view text = leaf_.text.substr(0, end_);
    const std::size_t open = text.find('<', cursor_);
    if (open == std::string_view::npos) {
        return;
    }
    std::size_t close = open + literal.size();
    if (!text.substr(open).starts_with(literal)) { // of several lines, within a quote or a list
        close = text.find('>', open);
        close = close == std::string_view::npos ? text.size() : close + 1;
    }
    to_line_of(std::min(close, text.size()));
    started_ = true;
}

void Aligner::begin_link() {
    const std::size_t end = line_end();
    std::size_t at = cursor_;
    while (at < end && leaf_.text[at] != '[' && leaf_.text[at] != '<' && is_mark(leaf_.text[at])) {
        ++at;
    }
    if (at < end && (leaf_.text[at] == '[' || leaf_.text[at] == '<')) {
        if (hidden_ == 0) {
            hidden_from_ = at;
        }
        cursor_ = at + 1;
    }
}

void Aligner::end_link(bool image, Block& into) {
    const std::size_t end = end_;
    std::size_t at = cursor_;
    while (at < end && leaf_.text[at] != ']' && leaf_.text[at] != '>' && is_mark(leaf_.text[at])) {
        ++at;
    }
    if (at < end && (leaf_.text[at] == ']' || leaf_.text[at] == '>')) {
        const bool bracket = leaf_.text[at] == ']';
        to_line_of(bracket ? past_target(at + 1) : at + 1);
    }
    if (hidden_ == 0) {
        return;
    }
    if (--hidden_ == 0 || image) {
        const std::size_t from = std::min(hidden_from_, cursor_);
        put(placeholder, from, cursor_ - from, into);
    }
}

// Past "(target "title")" or "[reference]", if there is one.
std::size_t Aligner::past_target(std::size_t at) const {
    const std::string_view text = leaf_.text.substr(0, end_);
    if (at >= text.size() || (text[at] != '(' && text[at] != '[')) {
        return at;
    }
    if (text[at] == '[') {
        const std::size_t close = text.find(']', at);
        return close == std::string_view::npos ? at : close + 1;
    }
    std::size_t depth = 0;
    char quote = '\0';
    for (std::size_t to = at; to < text.size(); ++to) {
        const char byte = text[to];
        if (byte == '\\') {
            ++to;
        } else if (quote != '\0') {
            quote = byte == quote ? '\0' : quote;
        } else if (byte == '<' || ((byte == '"' || byte == '\'') && is_blank(text[to - 1]))) {
            quote = byte == '<' ? '>' : byte;
        } else if (byte == '(') {
            ++depth;
        } else if (byte == ')' && --depth == 0) {
            return is_target(text.substr(at + 1, to - at - 1)) ? to + 1 : at;
        }
    }
    return at;
}

std::size_t Aligner::content_of(std::size_t line) const {
    std::size_t at = leaf_.lines[line];
    const std::size_t end = leaf_.lines[line + 1];
    for (unsigned quotes = leaf_.quotes; at < end; ++at) {
        if (leaf_.text[at] == '>' && quotes > 0) {
            --quotes;
        } else if (!is_blank(leaf_.text[at])) {
            break;
        }
    }
    return at;
}

std::size_t Aligner::line_end() const {
    return leaf_.lines[line_ + 1];
}

void Aligner::to_line_of(std::size_t at) {
    cursor_ = at;
    while (line_ < leaf_.last && leaf_.lines[line_ + 1] <= at) {
        ++line_;
    }
}

} // namespace drafting::prose
