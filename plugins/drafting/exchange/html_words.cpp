// The words of an outline: within marks, with no more between them than Markdown tells.
#include <algorithm>
#include <utility>

#include "html_outline.hpp"

namespace drafting::exchange {

namespace {

constexpr std::string_view blanks = " \t\n\r\f";
constexpr std::size_t longest_title_read = 1000;

cmark_node_type type_of(Role role) noexcept {
    switch (role) {
    case Role::strong: return CMARK_NODE_STRONG;
    case Role::link: return CMARK_NODE_LINK;
    case Role::code: return CMARK_NODE_CODE;
    default: return CMARK_NODE_EMPH;
    }
}

} // namespace

cmark_node* Outline::inline_parent() const noexcept {
    return chain_.empty() ? leaf_ : chain_.back().node;
}

void Outline::flush() {
    if (text_.empty() || leaf_ == nullptr) {
        return;
    }
    cmark_node* parent = inline_parent();
    if (cmark_node_get_type(parent) == CMARK_NODE_CODE) {
        cmark_node_set_literal(parent, text_.c_str());
    } else {
        Node node(cmark_node_new(CMARK_NODE_TEXT));
        cmark_node_set_literal(node.get(), text_.c_str());
        add(parent, std::move(node));
    }
    text_.clear();
}

void Outline::gap_to(cmark_node* parent) {
    const Gap gap = std::exchange(gap_, Gap::none);
    const bool lines = cmark_node_get_type(leaf_) == CMARK_NODE_PARAGRAPH;
    if (gap == Gap::none || (cmark_node_first_child(leaf_) == nullptr && text_.empty())) {
        return;
    }
    if (gap == Gap::space || !lines || cmark_node_get_type(parent) == CMARK_NODE_CODE) {
        text_ += ' ';
        return;
    }
    flush();
    add(parent,
        Node(cmark_node_new(gap == Gap::newline ? CMARK_NODE_SOFTBREAK : CMARK_NODE_LINEBREAK)));
    line_begins_ = true;
}

// The marks that hold here are opened, those that do not are closed, and the gap is put where both
// are the same.
void Outline::begin_word() {
    if (leaf_ == nullptr) {
        begin_leaf();
    }
    const auto code = std::ranges::find(marks_, Role::code, &Mark::role);
    // What is in code is text.
    const auto target_end = code == marks_.end() ? code : std::next(code);
    const auto same = [this](const Link& one, const Mark& other) {
        return one.mark.element == other.element ||
               (gap_ == Gap::none && one.mark.role == other.role &&
                one.mark.address == other.address && one.mark.title == other.title);
    };
    const auto ends = std::mismatch(chain_.begin(), chain_.end(), marks_.begin(), target_end, same);
    const auto common = static_cast<std::size_t>(ends.first - chain_.begin());
    if (common < chain_.size()) {
        flush();
        chain_.resize(common);
    }
    if (gap_ != Gap::none) {
        gap_to(inline_parent());
    }
    for (auto mark = ends.second; mark != target_end; ++mark) {
        flush();
        line_begins_ = false;
        Node node(mark->role == Role::deleted
                      ? cmark_node_new_with_ext(CMARK_NODE_STRIKETHROUGH,
                                                cmark_find_syntax_extension("strikethrough"))
                      : cmark_node_new(type_of(mark->role)));
        if (mark->role == Role::link) {
            cmark_node_set_url(node.get(), mark->address.c_str());
            cmark_node_set_title(node.get(), mark->title.c_str());
        }
        if (cmark_node* put = add(inline_parent(), std::move(node))) {
            chain_.push_back({*mark, put});
        }
    }
}

void Outline::plain(std::string_view word) {
    begin_word();
    // It must not become the line below the head of a table.
    if (line_begins_ && text_.empty() && (word.front() == '|' || word.front() == ':')) {
        Node node(cmark_node_new(CMARK_NODE_CUSTOM_INLINE));
        cmark_node_set_on_enter(node.get(), word.front() == '|' ? "\\|" : "\\:");
        add(inline_parent(), std::move(node));
        word.remove_prefix(1);
    }
    line_begins_ = false;
    text_ += word;
}

void Outline::text(std::string_view utf8) {
    if (dropped_ != 0) {
        return;
    }
    if (preformatted_ != 0) {
        code_ += utf8;
        return;
    }
    const bool in_code = std::ranges::find(marks_, Role::code, &Mark::role) != marks_.end();
    while (!utf8.empty()) {
        const std::size_t size = std::min(utf8.find_first_of(blanks), utf8.size());
        if (titles_ != 0) {
            if (size == 0 && !title_.empty() && !title_.ends_with(' ')) {
                title_ += ' ';
            } else if (title_.size() < longest_title_read) {
                title_ += utf8.substr(0, size);
            }
        } else if (size > 0) {
            plain(utf8.substr(0, size));
        } else if (in_code) {
            plain(" ");
        } else if (leaf_ != nullptr) {
            gap_ = std::max(gap_, utf8.front() == '\n' ? Gap::newline : Gap::space);
        }
        utf8.remove_prefix(std::max<std::size_t>(size, 1));
    }
}

void Outline::line_break() {
    if (leaf_ == nullptr) {
        return;
    }
    if (gap_ == Gap::line_break && !in_cell()) {
        end_leaf(); // two are as good as a paragraph
        return;
    }
    gap_ = Gap::line_break;
}

void Outline::add_image(const Attributes& attributes) {
    const char* source = attributes("src");
    const char* told = attributes("alt");
    const std::string alternative = told == nullptr ? "" : told;
    std::string address;
    if (source == nullptr || !read_address(source, true, address)) {
        text(alternative);
        return;
    }
    begin_word();
    if (!chain_.empty() && chain_.back().mark.role == Role::code) {
        text_ += alternative;
        return;
    }
    flush();
    line_begins_ = false;
    Node node(cmark_node_new(CMARK_NODE_IMAGE));
    cmark_node_set_url(node.get(), address.c_str());
    if (const char* title = attributes("title")) {
        cmark_node_set_title(node.get(), one_line(title).c_str());
    }
    cmark_node* image = add(inline_parent(), std::move(node));
    if (image == nullptr || alternative.empty()) {
        return;
    }
    std::string line = alternative;
    std::ranges::replace(line, '\n', ' ');
    Node inner(cmark_node_new(CMARK_NODE_TEXT));
    cmark_node_set_literal(inner.get(), line.c_str());
    add(image, std::move(inner));
}

} // namespace drafting::exchange
