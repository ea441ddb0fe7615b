// Drafts taken out and in, in the formats of others.
#include <array>

#include <sodium.h>

#include "../exchange/pages.hpp"
#include "../exchange/pdf.hpp"
#include "agent.hpp"
#include "analysis_requests.hpp"

namespace drafting {

namespace {

using exchange::Page;
using exchange::Target;

constexpr std::chrono::seconds pdf_time(60);
constexpr std::chrono::seconds html_time(60);

std::string base64(const std::string& bytes) {
    const std::size_t size =
        sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    std::string out(size, '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    out.resize(size - 1); // its NUL
    return out;
}

std::string with_crlf(const std::string& text) {
    std::string out;
    out.reserve(text.size() + text.size() / 16);
    for (const char letter : text) {
        out += letter == '\n' ? std::string_view("\r\n") : std::string_view(&letter, 1);
    }
    return out;
}

Page page_of(const Draft& draft) {
    Page page;
    page.title = draft.title;
    page.type = draft.type;
    page.author = draft.author;
    page.tone = draft.tone;
    page.audience = draft.audience;
    page.tags = draft.tags;
    return page;
}

std::string written_out(const Page& page, Target target) {
    switch (target) {
    case Target::html: return exchange::to_html(page, true);
    case Target::json: return exchange::to_json(page);
    case Target::text: return exchange::to_text(page);
    default: return exchange::to_markdown(page);
    }
}

// Its first heading, or its first line; or "".
std::string title_in(std::string_view text) {
    constexpr std::size_t longest = 200;
    while (!text.empty()) {
        const std::size_t newline = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, newline);
        text.remove_prefix(std::min(newline + 1, text.size()));
        while (!line.empty() && (line.front() == '#' || line.front() == ' ')) {
            line.remove_prefix(1);
        }
        while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') {
            line.remove_suffix(1);
        }
        if (!line.empty() && line != "---") {
            std::size_t end = std::min(line.size(), longest);
            while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) {
                --end;
            }
            return std::string(line.substr(0, end));
        }
    }
    return {};
}

noa::Result<Page> read_page(const ImportRequest& request) {
    if (request.format == "markdown") {
        return exchange::read_markdown(request.content);
    }
    if (request.format == "json") {
        return exchange::read_json_page(request.content);
    }
    if (request.format != "text") {
        return noa::invalid("/format: must be markdown, html, json or text");
    }
    Page page;
    page.text = request.content;
    return page;
}

ImportRequest without_content(const ImportRequest& request) {
    ImportRequest out = request;
    out.content.clear();
    return out;
}

} // namespace

void Drafting::set_up_exchange(noa::Setup& setup) {
    setup.operation(
        "export", "A draft in the format of others",
        [this](const ExportRequest& request, const noa::Request& message,
               noa::Responder responder) { export_draft(request, message, std::move(responder)); });
    setup.operation(
        "import", "Makes a draft of what was exported, or written elsewhere",
        [this](const ImportRequest& request, const noa::Request& message,
               noa::Responder responder) { import_draft(request, message, std::move(responder)); });
}

void Drafting::export_draft(const ExportRequest& request, const noa::Request& message,
                            noa::Responder responder) {
    const auto target = exchange::target_named(request.format);
    if (!target) {
        responder.fail(noa::invalid("/format: must be markdown, html, json, text or pdf"));
        return;
    }
    with_draft_as(
        request.id, who(request.as, message), Role::viewer, std::move(responder),
        [this, target = *target, name = request.format](OpenDraft& draft, noa::Responder back) {
            Page page = page_of(draft.authority.draft());
            const bool crlf = draft.authority.draft().crlf;
            noa::Json out{{"id", draft.authority.draft().id},
                          {"version", draft.authority.version()},
                          {"format", name},
                          {"media_type", exchange::media_type(target)}};
            if (target == Target::pdf) {
                print(std::move(page), draft.authority.text(), std::move(out), std::move(back));
                return;
            }
            at_desk(std::move(back), [page = std::move(page), crlf, target, out = std::move(out),
                                      text = draft.authority.text()](lint::Desk&) mutable {
                page.text = crlf ? with_crlf(text.str()) : text.str();
                out["content"] = written_out(page, target);
                return lint::Desk::Answer(std::move(out));
            });
        });
}

void Drafting::print(Page page, const Text& text, noa::Json out, noa::Responder responder) {
    const auto program = exchange::pdf_program(settings_.analysis.pdf_program);
    const auto directory = state_dir();
    if (!program || !directory) {
        responder.fail(noa::Error{NOA_E_UNSUPPORTED,
                                  "there is no program for PDF: the packages weasyprint and "
                                  "chromium have one"});
        return;
    }
    task(
        [page = std::move(page), text, program = *program,
         directory = std::string(*directory)](const std::stop_token& stop) mutable {
            page.text = text.str();
            return exchange::to_pdf(exchange::to_html(page, false), program, directory, pdf_time,
                                    stop);
        },
        [out = std::move(out),
         responder = std::move(responder)](noa::Result<std::string> pdf) mutable {
            if (!pdf) {
                responder.fail(pdf.error());
                return;
            }
            out["base64"] = base64(*pdf);
            responder.reply(noa::json_body(out));
        },
        {.timeout = pdf_time + std::chrono::seconds(5)});
}

void Drafting::import_draft(const ImportRequest& request, const noa::Request& message,
                            noa::Responder responder) {
    if (request.format != "html") {
        imported(request, read_page(request), origin(request.as, message), std::move(responder));
        return;
    }
    task([content = request.content](
             const std::stop_token& /*stop*/) { return exchange::read_html(content); },
         [this, request = without_content(request), origin = origin(request.as, message),
          responder = std::move(responder)](noa::Result<Page> page) mutable {
             imported(request, std::move(page), std::move(origin), std::move(responder));
         },
         {.timeout = html_time});
}

void Drafting::imported(const ImportRequest& request, noa::Result<Page> page, Origin origin,
                        noa::Responder responder) {
    if (!page) {
        responder.fail(page.error());
        return;
    }
    CreateRequest made;
    made.id = request.id;
    made.title = !request.title.empty() ? request.title
                 : !page->title.empty() ? page->title
                                        : title_in(page->text);
    made.content = std::move(page->text);
    made.type = request.type.empty() ? page->type : request.type;
    made.tags = std::move(page->tags);
    made.tone = std::move(page->tone);
    made.audience = std::move(page->audience);
    made.as = request.as;
    create(made, std::move(origin), std::move(responder));
}

} // namespace drafting
