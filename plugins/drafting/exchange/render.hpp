// Markdown, rendered by cmark-gfm with tables, strikethrough, task lists, addresses and footnotes.
#pragma once

#include <string>
#include <string_view>

namespace drafting::exchange {

// HTML without what is HTML in the text, and without addresses that run.
[[nodiscard]] std::string rendered_html(std::string_view markdown);
[[nodiscard]] std::string rendered_text(std::string_view markdown);

} // namespace drafting::exchange
