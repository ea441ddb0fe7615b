#include "render.hpp"

#include <cstdlib>
#include <mutex>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

namespace drafting::exchange {

namespace {

// The extensions stay the parser's; without CMARK_OPT_UNSAFE raw HTML and dangerous links go.
constexpr int options = CMARK_OPT_FOOTNOTES | CMARK_OPT_VALIDATE_UTF8;

struct Parsed {
    explicit Parsed(std::string_view markdown) {
        know_extensions();
        parser = cmark_parser_new(options);
        for (const char* name : {"table", "strikethrough", "tasklist", "autolink"}) {
            if (cmark_syntax_extension* extension = cmark_find_syntax_extension(name)) {
                cmark_parser_attach_syntax_extension(parser, extension);
            }
        }
        cmark_parser_feed(parser, markdown.data(), markdown.size());
        root = cmark_parser_finish(parser);
    }
    ~Parsed() {
        cmark_node_free(root);
        cmark_parser_free(parser);
    }
    Parsed(const Parsed&) = delete;
    Parsed& operator=(const Parsed&) = delete;

    cmark_parser* parser = nullptr;
    cmark_node* root = nullptr;
};

std::string taken(char* text) {
    std::string out = text;
    std::free(text); // NOLINT(cppcoreguidelines-no-malloc): the library's
    return out;
}

} // namespace

void know_extensions() {
    static std::once_flag once;
    std::call_once(once, cmark_gfm_core_extensions_ensure_registered);
}

std::string rendered_markdown(cmark_node* document) {
    return taken(cmark_render_commonmark(document, options, 0));
}

std::string rendered_html(std::string_view markdown) {
    const Parsed parsed(markdown);
    return taken(
        cmark_render_html(parsed.root, options, cmark_parser_get_syntax_extensions(parsed.parser)));
}

std::string rendered_text(std::string_view markdown) {
    const Parsed parsed(markdown);
    return taken(cmark_render_plaintext(parsed.root, options, 0));
}

} // namespace drafting::exchange
