#include "html_outline.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "render.hpp"

namespace drafting::exchange {

namespace {

constexpr std::size_t most_nodes = 500'000;
constexpr std::size_t most_columns = 200;
constexpr std::size_t deepest = 24; // lists, items and quotes
constexpr std::size_t longest_title = 200;

Node made(cmark_node_type type, const char* extension = nullptr) {
    return Node(extension == nullptr
                    ? cmark_node_new(type)
                    : cmark_node_new_with_ext(type, cmark_find_syntax_extension(extension)));
}

// The library allocates for a cell that it is asked for what it never frees: as its parser does.
Node made_cell() {
    Node cell(cmark_node_new(CMARK_NODE_TABLE_CELL));
    cmark_node_set_syntax_extension(cell.get(), cmark_find_syntax_extension("table"));
    return cell;
}

bool is(const cmark_node* node, cmark_node_type type) noexcept {
    return node != nullptr && cmark_node_get_type(const_cast<cmark_node*>(node)) == type;
}

std::string_view said(const Attributes& attributes, std::string_view name) {
    const char* value = attributes(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

// Of class="language-c other".
std::string language_in(std::string_view classes) {
    constexpr std::string_view prefix = "language-";
    const std::size_t begin = classes.find(prefix);
    if (begin == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = classes.substr(begin + prefix.size());
    return std::string(rest.substr(0, rest.find_first_of(" \t\n\r\f`")));
}

// Or the list in the block that was put around it.
cmark_node* as_list(cmark_node* node) noexcept {
    if (is(node, CMARK_NODE_CUSTOM_BLOCK)) {
        node = cmark_node_first_child(node);
    }
    return is(node, CMARK_NODE_LIST) ? node : nullptr;
}

} // namespace

Outline::Outline() {
    know_extensions();
    root_ = made(CMARK_NODE_DOCUMENT);
    containers_.push_back(root_.get());
}

bool Outline::full() const noexcept {
    return nodes_ > most_nodes;
}

cmark_node* Outline::add(cmark_node* parent, Node node) {
    ++nodes_;
    if (cmark_node_append_child(parent, node.get()) == 0) {
        return nullptr;
    }
    return node.release();
}

bool Outline::in_cell() const noexcept {
    return is(leaf_, CMARK_NODE_TABLE_CELL);
}

cmark_node* Outline::block_parent() {
    cmark_node* top = containers_.back();
    if (!is(top, CMARK_NODE_LIST)) {
        return top;
    }
    cmark_node* last = cmark_node_last_child(top);
    return last != nullptr ? last : add(top, made(CMARK_NODE_ITEM));
}

cmark_node* Outline::contain(cmark_node_type type) {
    boundary();
    if (in_cell() || containers_.size() > deepest) {
        return nullptr;
    }
    cmark_node* parent = type == CMARK_NODE_ITEM ? containers_.back() : block_parent();
    cmark_node* node = add(parent, made(type));
    if (node != nullptr) {
        containers_.push_back(node);
        opened_.back().contains = true;
    }
    return node;
}

void Outline::boundary() {
    if (in_cell()) {
        gap_ = std::max(gap_, Gap::space);
    } else {
        end_leaf();
    }
}

void Outline::end_leaf() {
    flush();
    chain_.clear();
    leaf_ = nullptr;
    gap_ = Gap::none;
    line_begins_ = false;
}

void Outline::begin_leaf() {
    cmark_node* parent = block_parent();
    // Two paragraphs of an item need a line between them.
    if (is(parent, CMARK_NODE_ITEM) && is(cmark_node_last_child(parent), CMARK_NODE_PARAGRAPH)) {
        cmark_node_set_list_tight(cmark_node_parent(parent), 0);
    }
    leaf_ = add(parent, made(CMARK_NODE_PARAGRAPH));
}

void Outline::open(std::string_view element, const Attributes& attributes) {
    const Role role = role_of(element);
    opened_.push_back({.role = role});
    ++elements_;
    if (dropped_ != 0 || titles_ != 0) {
        return;
    }
    if (role == Role::dropped || attributes("hidden") != nullptr) {
        dropped_ = opened_.size();
        return;
    }
    if (preformatted_ != 0) {
        code_within_ = code_within_ || code_.empty();
        if (role == Role::line_break) {
            code_ += '\n';
        }
        if (role == Role::code && language_.empty()) {
            language_ = language_in(said(attributes, "class"));
        }
        return;
    }
    open_block(role, element, attributes);
}

void Outline::open_block(Role role, std::string_view element, const Attributes& attributes) {
    switch (role) {
    case Role::inline_text: break;
    case Role::title: titles_ = opened_.size(); break;
    case Role::paragraph:
        boundary();
        if (!in_cell() && is(containers_.back(), CMARK_NODE_ITEM)) {
            cmark_node_set_list_tight(cmark_node_parent(containers_.back()), 0);
        }
        break;
    case Role::heading:
        boundary();
        if (!in_cell()) {
            leaf_ = add(block_parent(), made(CMARK_NODE_HEADING));
            cmark_node_set_heading_level(leaf_, element[1] - '0');
        }
        break;
    case Role::bullets:
    case Role::numbers: open_list(role == Role::numbers, attributes); break;
    case Role::item: open_item(); break;
    case Role::quote: contain(CMARK_NODE_BLOCK_QUOTE); break;
    case Role::preformatted:
        boundary();
        if (!in_cell()) {
            preformatted_ = opened_.size();
            language_ = language_in(said(attributes, "class"));
        }
        break;
    case Role::table:
        boundary();
        in_table_ = in_table_ || !in_cell();
        break;
    case Role::row:
        boundary();
        if (in_table_ && !in_cell()) {
            rows_.emplace_back();
        }
        break;
    case Role::cell: open_cell(attributes); break;
    case Role::rule:
        boundary();
        if (!in_cell()) {
            add(block_parent(), made(CMARK_NODE_THEMATIC_BREAK));
        }
        break;
    case Role::line_break: line_break(); break;
    case Role::image: add_image(attributes); break;
    case Role::input: check_box(attributes); break;
    case Role::emphasis:
    case Role::strong:
    case Role::deleted:
    case Role::link:
    case Role::code: open_mark(role, attributes); break;
    default: boundary(); break;
    }
}

void Outline::open_list(bool numbers, const Attributes& attributes) {
    cmark_node* list = contain(CMARK_NODE_LIST);
    if (list == nullptr) {
        return;
    }
    cmark_node_set_list_type(list, numbers ? CMARK_ORDERED_LIST : CMARK_BULLET_LIST);
    cmark_node_set_list_tight(list, 1);
    cmark_node* before = as_list(cmark_node_previous(list));
    if (before != nullptr && (numbers || cmark_node_get_list_type(before) == CMARK_ORDERED_LIST)) {
        // It is seen to be another: no comment needs to be between them.
        cmark_node* between = add(cmark_node_parent(list), made(CMARK_NODE_CUSTOM_BLOCK));
        cmark_node_append_child(between, list);
    }
    if (!numbers) {
        return;
    }
    constexpr long highest = 999'999'999; // that Markdown has
    const char* start = attributes("start");
    const long number = start == nullptr ? 1 : std::strtol(start, nullptr, 10);
    cmark_node_set_list_start(list, static_cast<int>(std::clamp(number, 0L, highest)));
    const bool twin = before != nullptr && cmark_node_get_list_delim(before) == CMARK_PERIOD_DELIM;
    cmark_node_set_list_delim(list, twin ? CMARK_PAREN_DELIM : CMARK_PERIOD_DELIM);
}

void Outline::open_item() {
    if (is(containers_.back(), CMARK_NODE_LIST)) {
        contain(CMARK_NODE_ITEM);
    } else {
        boundary(); // it belongs to no list
    }
}

void Outline::open_mark(Role role, const Attributes& attributes) {
    if (std::ranges::find(marks_, role, &Mark::role) != marks_.end()) {
        return; // within itself it is no more of it
    }
    Mark mark;
    mark.role = role;
    mark.element = elements_;
    if (role == Role::link) {
        const char* address = attributes("href");
        if (address == nullptr || !read_address(address, false, mark.address)) {
            return;
        }
        mark.title = one_line(said(attributes, "title"));
    }
    marks_.push_back(std::move(mark));
    opened_.back().marks = true;
}

void Outline::open_cell(const Attributes& attributes) {
    boundary();
    if (in_cell() || rows_.empty() || rows_.back().size() >= most_columns) {
        return;
    }
    auto& row = rows_.back();
    row.push_back(made_cell());
    ++nodes_;
    leaf_ = row.back().get();
    opened_.back().cell = true;
    if (rows_.size() == 1) {
        const std::string_view align = said(attributes, "align");
        const bool known = align == "left" || align == "center" || align == "right";
        alignments_.push_back(known ? static_cast<std::uint8_t>(align[0]) : 0);
    }
}

void Outline::add_table() {
    std::size_t columns = 0;
    for (const auto& row : rows_) {
        columns = std::max(columns, row.size());
    }
    if (columns > 0) {
        alignments_.resize(columns);
        cmark_node* table = add(block_parent(), made(CMARK_NODE_TABLE, "table"));
        cmark_gfm_extensions_set_table_columns(table, static_cast<std::uint16_t>(columns));
        cmark_gfm_extensions_set_table_alignments(table, static_cast<std::uint16_t>(columns),
                                                  alignments_.data());
        for (auto& cells : rows_) {
            cmark_node* row = add(table, made(CMARK_NODE_TABLE_ROW, "table"));
            cmark_gfm_extensions_set_table_row_is_header(row, &cells == &rows_.front() ? 1 : 0);
            cells.resize(columns);
            for (Node& cell : cells) {
                add(row, cell ? std::move(cell) : made_cell());
            }
        }
    }
    rows_.clear();
    alignments_.clear();
    in_table_ = false;
}

void Outline::add_code_block() {
    cmark_node* parent = block_parent();
    cmark_node* last = cmark_node_last_child(parent);
    if (!code_within_ && code_.starts_with('\n')) {
        code_.erase(0, 1); // as browsers leave it out
    }
    if (!code_.empty() && code_.back() != '\n') {
        code_ += '\n';
    }
    // Behind a list it must not be indented, or it would be part of that.
    const bool fenced = as_list(last) != nullptr;
    if (fenced) {
        parent = add(parent, made(CMARK_NODE_CUSTOM_BLOCK));
    }
    cmark_node* block = add(parent, made(CMARK_NODE_CODE_BLOCK));
    cmark_node_set_literal(block, code_.c_str());
    cmark_node_set_fence_info(block, language_.empty() && fenced ? " " : language_.c_str());
    code_.clear();
    code_within_ = false;
    language_.clear();
}

void Outline::check_box(const Attributes& attributes) {
    cmark_node* item = containers_.back();
    if (said(attributes, "type") != "checkbox" || leaf_ != nullptr || !is(item, CMARK_NODE_ITEM) ||
        cmark_node_first_child(item) != nullptr) {
        return;
    }
    cmark_node_set_syntax_extension(item, cmark_find_syntax_extension("tasklist"));
    cmark_gfm_extensions_set_tasklist_item_checked(item, attributes("checked") != nullptr);
}

void Outline::close() {
    const std::size_t depth = opened_.size();
    const Opened last = opened_.back();
    opened_.pop_back();
    if (dropped_ != 0 || titles_ != 0) {
        dropped_ = dropped_ == depth ? 0 : dropped_;
        titles_ = titles_ == depth ? 0 : titles_;
        return;
    }
    if (preformatted_ != 0) {
        if (preformatted_ == depth) {
            preformatted_ = 0;
            add_code_block();
        }
        return;
    }
    if (last.marks) {
        marks_.pop_back();
        return;
    }
    if (last.cell) {
        end_leaf();
    } else if (last.role == Role::table && in_table_ && !in_cell()) {
        end_leaf();
        add_table();
    } else if (last.role != Role::inline_text && last.role < Role::line_break) {
        boundary();
    }
    if (last.contains) {
        cmark_node* container = containers_.back();
        containers_.pop_back();
        if (is(container, CMARK_NODE_LIST) && cmark_node_first_child(container) == nullptr) {
            cmark_node_free(container);
        }
    }
}

Node Outline::finish() {
    end_leaf();
    drop_unreadable_marks(root_.get());
    return std::move(root_);
}

std::string Outline::title() const {
    std::size_t end = std::min(title_.size(), longest_title);
    while (end < title_.size() && (static_cast<unsigned char>(title_[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    std::string out = title_.substr(0, end);
    if (out.ends_with(' ')) {
        out.pop_back();
    }
    return out;
}

} // namespace drafting::exchange
