// What of a text is prose: paragraphs, headings and cells of tables, without marks, code, links'
// targets and HTML, each byte with its place in the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drafting::prose {

enum class Format : std::uint8_t { markdown, plain };

enum class BlockKind : std::uint8_t { paragraph, heading, cell };

// Prose that comes from one piece of the source. Of different lengths: a character written as an
// entity, or a placeholder.
struct Segment {
    std::uint32_t prose = 0;
    std::uint32_t source = 0; // from the leaf's begin
    std::uint32_t prose_size = 0;
    std::uint32_t source_size = 0;
    bool verbatim = false; // the same bytes, but for a line's end that is a space in prose
};

struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    friend bool operator==(const Span&, const Span&) = default;
};

struct Block {
    BlockKind kind = BlockKind::paragraph;
    std::uint8_t level = 0; // of a heading
    bool in_list = false;
    bool in_quote = false;
    std::string prose;
    std::vector<Segment> segments;

    // Where prose is in the source, from the leaf's begin.
    [[nodiscard]] Span source(Span prose) const noexcept;
};

// Stands in prose for what is left out of a sentence: code, images, HTML. U+FFFC.
inline constexpr std::string_view placeholder = "\xEF\xBF\xBC";

// A piece of the source that is looked at as a whole: a paragraph, a heading, a row of a table.
struct Leaf {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint64_t kind = 0; // what besides its text decides upon its blocks

    friend bool operator==(const Leaf&, const Leaf&) = default;
};

// Parsed once a text; the text must outlive it and be UTF-8 without NUL. Nesting and size are
// bounded by the library's linear parser.
class Source {
public:
    Source(std::string_view text, Format format);
    ~Source();
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    [[nodiscard]] const std::vector<Leaf>& leaves() const noexcept { return leaves_; }
    // The blocks of a leaf: mostly one. Costs what the leaf is long.
    [[nodiscard]] std::vector<Block> blocks(std::size_t leaf) const;

private:
    void read_markdown();
    void read_plain();

    std::string_view text_;
    Format format_;
    void* root_ = nullptr; // cmark_node
    std::vector<Leaf> leaves_;
    std::vector<void*> nodes_; // cmark_node of each leaf
    std::vector<std::size_t> lines_;
    std::size_t front_lines_ = 0;
};

// The bytes of YAML front matter at the begin of a Markdown text, its fences included; or 0.
[[nodiscard]] std::size_t front_matter(std::string_view text) noexcept;

} // namespace drafting::prose
