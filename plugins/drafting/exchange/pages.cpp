#include "pages.hpp"

#include <array>

#include "../analysis/blocks.hpp"
#include "../analysis/utf.hpp"
#include "noa/sdk/json_text.hpp"
#include "render.hpp"

namespace drafting::exchange {

using noa::sdk::invalid;
using noa::sdk::Json;
using noa::sdk::Result;

namespace {

constexpr std::string_view fence = "---\n";
constexpr std::string_view first_line = "noa: draft\n";

constexpr std::pair<std::string_view, Target> targets[] = {{"markdown", Target::markdown},
                                                           {"html", Target::html},
                                                           {"json", Target::json},
                                                           {"text", Target::text},
                                                           {"pdf", Target::pdf}};

constexpr std::pair<std::string_view, std::string Page::*> lines[] = {
    {"title", &Page::title},
    {"type", &Page::type},
    {"author", &Page::author},
    {"tone", &Page::tone},
    {"audience", &Page::audience}};

// A JSON text is a YAML one.
std::string quoted(const std::string& text) {
    std::string out;
    noa::sdk::append_json(out, text);
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        switch (letter) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += letter;
        }
    }
    return out;
}

noa::sdk::Status read_line(std::string_view line, Page& into) {
    const std::size_t colon = line.find(": ");
    const Json value = colon == std::string_view::npos
                           ? Json()
                           : Json::parse(line.substr(colon + 2), nullptr, false);
    const std::string_view name = line.substr(0, colon);
    if (name == "tags" && value.is_array()) {
        for (const Json& tag : value) {
            if (!tag.is_string()) {
                return invalid("tags must be texts");
            }
            into.tags.push_back(tag.get<std::string>());
        }
        return {};
    }
    for (const auto& [known, member] : lines) {
        if (known == name && value.is_string()) {
            into.*member = value.get<std::string>();
            return {};
        }
    }
    return invalid("the block at its begin has a line that no draft has: " +
                   std::string(line.substr(0, 64)));
}

constexpr std::string_view style = R"(
body { margin: 2em auto; max-width: 42em; padding: 0 1em; font: 17px/1.55 serif;
  color: #1b1b1b; background: #fff; overflow-wrap: break-word; }
h1, h2, h3, h4 { line-height: 1.2; font-family: sans-serif; }
pre, code { font: 0.9em monospace; background: #f3f3f3; }
pre { padding: 0.8em; overflow-x: auto; }
blockquote { margin-left: 0; padding-left: 1em; border-left: 3px solid #ccc; }
table { border-collapse: collapse; } th, td { border: 1px solid #ccc; padding: 0.3em 0.6em; }
img { max-width: 100%; }
@media (prefers-color-scheme: dark) { @media screen {
  body { color: #ddd; background: #161616; } pre, code { background: #262626; }
  a { color: #8ab4f8; } blockquote, th, td { border-color: #555; } } }
)";

} // namespace

std::optional<Target> target_named(std::string_view name) noexcept {
    for (const auto& [known, target] : targets) {
        if (known == name) {
            return target;
        }
    }
    return std::nullopt;
}

std::string_view media_type(Target target) noexcept {
    switch (target) {
    case Target::markdown: return "text/markdown; charset=utf-8";
    case Target::html: return "text/html; charset=utf-8";
    case Target::json: return "application/json";
    case Target::pdf: return "application/pdf";
    default: return "text/plain; charset=utf-8";
    }
}

std::string to_markdown(const Page& page) {
    std::string out = std::string(fence) + std::string(first_line);
    for (const auto& [name, member] : lines) {
        if (!(page.*member).empty()) {
            out += std::string(name) + ": " + quoted(page.*member) + "\n";
        }
    }
    if (!page.tags.empty()) {
        out += "tags: [";
        for (const std::string& tag : page.tags) {
            out += (&tag == &page.tags.front() ? "" : ", ") + quoted(tag);
        }
        out += "]\n";
    }
    return out + std::string(fence) + page.text;
}

Result<Page> read_markdown(std::string_view text) {
    if (!prose::is_utf8(text)) {
        return invalid("the text must be UTF-8, without NUL");
    }
    Page page;
    if (!text.starts_with(std::string(fence) + std::string(first_line))) {
        page.text = text;
        return page;
    }
    const std::size_t end = text.find("\n---\n", fence.size());
    if (end == std::string_view::npos) {
        return invalid("the block at its begin has no end");
    }
    std::string_view block = text.substr(fence.size() + first_line.size());
    block = end + 1 > fence.size() + first_line.size()
                ? block.substr(0, end + 1 - fence.size() - first_line.size())
                : std::string_view();
    while (!block.empty()) {
        const std::size_t newline = block.find('\n');
        if (auto read = read_line(block.substr(0, newline), page); !read) {
            return read.error();
        }
        block.remove_prefix(newline + 1);
    }
    page.text = text.substr(end + 5);
    return page;
}

std::string to_json(const Page& page) {
    Json json{{"noa", "draft"}, {"tags", page.tags}, {"text", page.text}};
    for (const auto& [name, member] : lines) {
        json[std::string(name)] = page.*member;
    }
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Page> read_json_page(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || json.value("noa", Json()) != "draft") {
        return invalid("it must be an object with \"noa\": \"draft\", as an export has it");
    }
    Page page;
    for (const auto& [name, value] : json.items()) {
        if (name == "noa") {
            continue;
        }
        if (name == "text" && value.is_string()) {
            page.text = value.get<std::string>();
            continue;
        }
        if (auto read = read_line(name + ": " + value.dump(), page); !read) {
            return read.error();
        }
    }
    return page;
}

std::string to_html(const Page& page, bool images) {
    std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'; img-src data:";
    out += images ? " http: https:" : "";
    out += "\">\n<title>" + escaped(page.title) + "</title>\n";
    if (!page.author.empty()) {
        out += "<meta name=\"author\" content=\"" + escaped(page.author) + "\">\n";
    }
    out += "<style>";
    out += style;
    out += "</style>\n</head>\n<body>\n";
    const std::size_t front = prose::front_matter(page.text);
    out += rendered_html(std::string_view(page.text).substr(front));
    return out + "</body>\n</html>\n";
}

std::string to_text(const Page& page) {
    const std::size_t front = prose::front_matter(page.text);
    return rendered_text(std::string_view(page.text).substr(front));
}

} // namespace drafting::exchange
