// Drafts in the formats of others, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json_value.hpp"
#include "noa/sdk/result.hpp"

namespace drafting::exchange {

// What goes out of a draft, and comes back.
struct Page {
    std::string title;
    std::string type;
    std::string author;
    std::string tone;
    std::string audience;
    std::vector<std::string> tags;
    std::string text; // Markdown
    friend bool operator==(const Page&, const Page&) = default;
};

enum class Target : std::uint8_t { markdown, html, json, text, pdf };
[[nodiscard]] std::optional<Target> target_named(std::string_view name) noexcept;
[[nodiscard]] std::string_view media_type(Target target) noexcept;

// The text as it is, byte for byte, behind a block of YAML with the rest. What this makes,
// read_markdown takes apart into the same page.
[[nodiscard]] std::string to_markdown(const Page& page);
// What is no such block is text: front matter that others wrote stays in it.
[[nodiscard]] noa::sdk::Result<Page> read_markdown(std::string_view text);

[[nodiscard]] std::string to_json(const Page& page);
[[nodiscard]] noa::sdk::Result<Page> read_json_page(std::string_view text);

// Headings, paragraphs, emphasis, code, lists, quotes, links, images, tables, as Markdown; the rest
// as its text, without what runs or is not shown. Links are http, https, mailto, or without a
// scheme. TOO_LARGE: over 16 MiB, 256 elements deep, or 500,000 pieces.
[[nodiscard]] noa::sdk::Result<Page> read_html(std::string_view html);

// A page by itself: no script, no HTML of the text's own, no addresses that run (javascript:).
// `images` false: it loads nothing at all.
[[nodiscard]] std::string to_html(const Page& page, bool images);
// Without marks, lines as they are wrapped in the source.
[[nodiscard]] std::string to_text(const Page& page);

} // namespace drafting::exchange
