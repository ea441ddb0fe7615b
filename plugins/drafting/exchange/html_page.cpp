// HTML as libxml2 reads it, element by element: no tree of it is ever made.
#include <cstring>
#include <string>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#include "../analysis/utf.hpp"
#include "html_outline.hpp"
#include "pages.hpp"
#include "render.hpp"

namespace drafting::exchange {

using noa::sdk::Result;

namespace {

constexpr std::size_t most_html = 16U << 20U;
constexpr std::size_t most_markdown = 32U << 20U;
constexpr std::size_t deepest_element = 256;

struct Reading {
    Outline outline;
    htmlParserCtxtPtr parser = nullptr;
    std::size_t depth = 0;
    std::string wrong;

    void stop(const char* why) {
        if (wrong.empty()) {
            wrong = why;
        }
        xmlStopParser(parser);
    }
};

std::string_view as_view(const xmlChar* text) noexcept {
    return reinterpret_cast<const char*>(text);
}

void on_open(void* context, const xmlChar* name, const xmlChar** attributes) {
    auto& reading = *static_cast<Reading*>(context);
    if (!reading.wrong.empty()) {
        return;
    }
    if (++reading.depth > deepest_element) {
        reading.stop("its elements are nested too deep: 256 are the most");
        return;
    }
    reading.outline.open(as_view(name), [attributes](std::string_view wanted) -> const char* {
        for (const xmlChar** at = attributes; at != nullptr && *at != nullptr; at += 2) {
            if (as_view(at[0]) == wanted) {
                return at[1] == nullptr ? "" : reinterpret_cast<const char*>(at[1]);
            }
        }
        return nullptr;
    });
    if (reading.outline.full()) {
        reading.stop("it has too many elements and lines: 500,000 are the most");
    }
}

void on_close(void* context, const xmlChar* /*name*/) {
    auto& reading = *static_cast<Reading*>(context);
    if (reading.wrong.empty() && reading.depth > 0) {
        --reading.depth;
        reading.outline.close();
    }
}

void on_text(void* context, const xmlChar* text, int size) {
    auto& reading = *static_cast<Reading*>(context);
    if (!reading.wrong.empty()) {
        return;
    }
    reading.outline.text(as_view(text).substr(0, static_cast<std::size_t>(size)));
    if (reading.outline.full()) {
        reading.stop("it has too many elements and lines: 500,000 are the most");
    }
}

void parse(Reading& reading, std::string_view html) {
    xmlInitParser();
    reading.parser = htmlNewParserCtxt();
    htmlSAXHandler handler{};
    handler.startElement = on_open;
    handler.endElement = on_close;
    handler.characters = on_text;
    handler.ignorableWhitespace = on_text;
    *reading.parser->sax = handler;
    reading.parser->userData = &reading;
    htmlCtxtReadMemory(reading.parser, html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
                       HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                           HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    htmlFreeParserCtxt(reading.parser);
}

} // namespace

Result<Page> read_html(std::string_view html) {
    if (html.size() > most_html) {
        return noa::sdk::too_large("the page has over 16 MiB");
    }
    if (!prose::is_utf8(html)) {
        return noa::sdk::invalid("the page must be UTF-8, without NUL");
    }
    if (html.starts_with("\xEF\xBB\xBF")) {
        html.remove_prefix(3);
    }
    Reading reading;
    parse(reading, html);
    if (!reading.wrong.empty()) {
        return noa::sdk::too_large(reading.wrong);
    }
    for (; reading.depth > 0; --reading.depth) {
        reading.outline.close();
    }
    Page page;
    page.title = reading.outline.title();
    const Node document = reading.outline.finish();
    page.text = rendered_markdown(document.get());
    while (page.text.ends_with("\n\n")) {
        page.text.pop_back();
    }
    if (page.text.size() > most_markdown) {
        return noa::sdk::too_large("the page would have over 32 MiB as Markdown");
    }
    return page;
}

} // namespace drafting::exchange
