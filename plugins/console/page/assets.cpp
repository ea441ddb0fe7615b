#include "assets.hpp"

#include <algorithm>
#include <span>

namespace console::page {

std::span<const Asset> all_assets() noexcept; // made by embed.py

const Asset* find(std::string_view path) noexcept {
    const auto all = all_assets();
    const auto found = std::ranges::find(all, path, &Asset::path);
    return found == all.end() ? nullptr : &*found;
}

// A copy: it is sent once in a while, and nothing of the library is kept by what is on its way.
http::Text Asset::body() const {
    return http::text_of(std::string(packed));
}

} // namespace console::page
