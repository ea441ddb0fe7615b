// Markdown, rendered by cmark-gfm with tables, strikethrough, task lists, addresses and footnotes.
#pragma once

#include <string>
#include <string_view>

struct cmark_node;

namespace drafting::exchange {

// Before the first use of the library's nodes of tables, and others that extend Markdown.
void know_extensions();

// HTML without what is HTML in the text, and without addresses that run.
[[nodiscard]] std::string rendered_html(std::string_view markdown);
[[nodiscard]] std::string rendered_text(std::string_view markdown);
[[nodiscard]] std::string rendered_markdown(cmark_node* document);

} // namespace drafting::exchange
