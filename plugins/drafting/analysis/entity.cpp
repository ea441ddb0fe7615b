#include "entity.hpp"

#include <algorithm>

#include <cmark-gfm.h>
#include <cmark-gfm/houdini.h> // as the parser itself reads them

namespace drafting::prose {

std::size_t read_entity(std::string_view text, std::string& meaning) {
    constexpr std::size_t longest = 64;
    if (text.size() < 3 || text[0] != '&') {
        return 0;
    }
    const std::string rest(text.substr(1, longest));
    cmark_strbuf buffer;
    cmark_strbuf_init(cmark_get_default_mem_allocator(), &buffer, 0);
    const auto size =
        houdini_unescape_ent(&buffer, reinterpret_cast<const std::uint8_t*>(rest.c_str()),
                             static_cast<bufsize_t>(rest.size()));
    meaning.assign(reinterpret_cast<const char*>(buffer.ptr),
                   static_cast<std::size_t>(buffer.size));
    cmark_strbuf_free(&buffer);
    return size > 0 ? static_cast<std::size_t>(size) + 1 : 0;
}

} // namespace drafting::prose
