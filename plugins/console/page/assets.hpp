// The files of the page, as they are sent.
#pragma once

#include <string_view>

#include "../http/message.hpp"

namespace console::page {

struct Asset {
    std::string_view path;
    std::string_view type;
    std::string_view tag;    // its ETag, with the quotes
    std::string_view packed; // by gzip

    [[nodiscard]] http::Text body() const;
};

// None: there is no such file.
[[nodiscard]] const Asset* find(std::string_view path) noexcept;

} // namespace console::page
