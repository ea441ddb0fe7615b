// What elements of HTML are to Markdown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drafting::exchange {

enum class Role : std::uint8_t {
    inline_text, // nothing by itself
    block,
    paragraph,
    heading,
    bullets,
    numbers,
    item,
    quote,
    preformatted,
    table,
    row,
    cell,
    rule,
    line_break,
    image,
    input,
    emphasis,
    strong,
    deleted,
    link,
    code,
    title,
    dropped, // with all in it
};

[[nodiscard]] Role role_of(std::string_view element) noexcept;

// As it may stand in a link: http, https, mailto, or without a scheme; "" is one, too.
// False: it is none.
// What Markdown would take for an entity in it is written so that it is none.
[[nodiscard]] bool read_address(std::string_view address, bool image, std::string& ret_address);

// Of titles, the same, on one line.
[[nodiscard]] std::string one_line(std::string_view text);

} // namespace drafting::exchange
