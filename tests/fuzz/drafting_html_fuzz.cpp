// HTML that the drafting agent imports: whatever it is, what comes of it runs nothing.
#include <cstdint>
#include <string>
#include <string_view>

// Parts of a plugin, which is no library.
// NOLINTBEGIN(bugprone-suspicious-include)
#include "../../plugins/drafting/analysis/align.cpp"
#include "../../plugins/drafting/analysis/blocks.cpp"
#include "../../plugins/drafting/analysis/entity.cpp"
#include "../../plugins/drafting/analysis/utf.cpp"
#include "../../plugins/drafting/exchange/html_flanks.cpp"
#include "../../plugins/drafting/exchange/html_marks.cpp"
#include "../../plugins/drafting/exchange/html_outline.cpp"
#include "../../plugins/drafting/exchange/html_page.cpp"
#include "../../plugins/drafting/exchange/html_words.cpp"
#include "../../plugins/drafting/exchange/pages.cpp"
#include "../../plugins/drafting/exchange/render.cpp"
// NOLINTEND(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view html(reinterpret_cast<const char*>(data), size);
    const auto page = drafting::exchange::read_html(html);
    if (!page) {
        return 0;
    }
    // Markdown is UTF-8 as a draft wants it; and once it was taken in, it stays what it is shown
    // as.
    const std::string shown = drafting::exchange::rendered_html(page->text);
    if (!drafting::prose::is_utf8(page->text) || shown.find("<script") != std::string::npos ||
        shown.find("href=\"javascript:") != std::string::npos ||
        !drafting::exchange::read_html(shown)) {
        __builtin_trap();
    }
    return 0;
}
