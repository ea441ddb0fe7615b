// Drafts as such: made, looked at, listed.
#include <algorithm>
#include <charconv>

#include "agent.hpp"

namespace drafting {

namespace {

constexpr Position page_units = 2U << 20U; // in a reply, whatever becomes of it in JSON
constexpr std::size_t longest_title = 500;
constexpr std::size_t longest_label = 100;
constexpr std::size_t most_tags = 50;
constexpr std::size_t largest_metadata = 64U << 10U;
constexpr std::size_t longest_id = 63;

bool is_label(std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [more](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               more.find(letter) != std::string_view::npos;
    });
}

bool is_line(std::string_view text, std::size_t most) {
    return text.size() <= most && is_utf8(text) && std::ranges::none_of(text, [](char letter) {
               return static_cast<unsigned char>(letter) < 0x20U || letter == 0x7F;
           });
}

// Where all breaks are "\r\n".
bool is_crlf(std::string_view text) {
    std::size_t breaks = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\n') {
            if (at == 0 || text[at - 1] != '\r') {
                return false;
            }
            ++breaks;
        }
    }
    return breaks > 0;
}

std::string page_behind(const Draft& last) {
    return std::to_string(last.updated) + "/" + last.id;
}

} // namespace

std::string id_of_cause(std::string_view cause) {
    constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
    constexpr std::size_t first = 1; // behind what changes once in years
    constexpr std::size_t letters = 20;
    std::string id;
    unsigned bits = 0;
    unsigned held = 0;
    for (std::size_t at = first; id.size() < letters && at < cause.size(); ++at) {
        bits = (bits << 8U | static_cast<unsigned char>(cause[at])) & 0xFFFFU;
        held += 8;
        while (held >= 5 && id.size() < letters) {
            held -= 5;
            id += digits[(bits >> held) & 0x1FU];
        }
    }
    return id;
}

void Drafting::set_up_drafts(noa::Setup& setup) {
    setup.operation("create", "Makes a draft",
                    [this](const CreateRequest& request, const noa::Request& message,
                           noa::Responder responder) {
                        create(request, origin(request.as, message), std::move(responder));
                    });
    setup.operation(
        "get", "A draft, with its text or a page of it",
        [this](const GetRequest& request, const noa::Request& message, noa::Responder responder) {
            get(request, message, std::move(responder));
        });
    setup.operation(
        "list", "Drafts without their texts, the last changed first",
        [this](const DraftListRequest& request, const noa::Request& message,
               noa::Responder responder) { list(request, message, std::move(responder)); });
}

noa::Status Drafting::check(const Draft& draft) const {
    if (draft.title.empty() || !is_line(draft.title, longest_title)) {
        return noa::invalid("/title: must be a line of 1 to 500 bytes");
    }
    if (draft.id.empty() || draft.id.size() > longest_id || !is_label(draft.id, "-")) {
        return noa::invalid("/id: must be of [a-z0-9-], 63 at most");
    }
    if (draft.type.empty() || draft.type.size() > longest_id || !is_label(draft.type, "-_")) {
        return noa::invalid("/type: must be of [a-z0-9_-], 63 at most");
    }
    const auto& types = settings_.lifecycle.types;
    if (!types.empty() && std::ranges::find(types, draft.type) == types.end()) {
        return noa::invalid("/type: must be one of lifecycle.types");
    }
    if (!is_line(draft.tone, longest_label) || !is_line(draft.audience, longest_label)) {
        return noa::invalid("/tone, /audience: must be a line of 100 bytes at most");
    }
    const bool good_tags = std::ranges::all_of(draft.tags, [](const std::string& tag) {
        return !tag.empty() && is_line(tag, longest_label);
    });
    if (draft.tags.size() > most_tags || !good_tags) {
        return noa::invalid("/tags: must be 50 at most, each a line of 1 to 100 bytes");
    }
    if (draft.metadata.size() > largest_metadata) {
        return noa::invalid("/metadata: must be 64KiB at most");
    }
    return {};
}

Drafting::Origin Drafting::origin(const std::string& as, const noa::Request& message) const {
    return {who(as, message), std::string(reinterpret_cast<const char*>(message.id().bytes),
                                          sizeof message.id().bytes)};
}

void Drafting::create(const CreateRequest& request, Origin origin, noa::Responder responder) {
    const auto& author = origin.author;
    std::string& cause = origin.cause;
    Draft draft;
    draft.id = request.id.empty() ? id_of_cause(cause) : request.id;
    draft.title = request.title;
    draft.type = request.type.empty() ? "text" : request.type;
    draft.tags = request.tags;
    draft.tone = request.tone;
    draft.audience = request.audience;
    draft.author = author ? *author : "";
    draft.crlf = is_crlf(request.content);
    draft.metadata = request.metadata ? noa::json_text(*request.metadata) : "";
    noa::Status good = author ? check(draft) : noa::Status(author.error());
    if (good && request.metadata && !request.metadata->is_object()) {
        good = noa::invalid("/metadata: must be an object");
    }
    auto text = Text::of(with_plain_breaks(request.content));
    if (good && !request.template_name.empty() && !request.content.empty()) {
        good = noa::invalid("/template: takes the place of /content");
    }
    if (good && !text) {
        good = noa::invalid("/content: " + text.error().text);
    }
    if (!good) {
        responder.fail(good.error());
        return;
    }
    if (request.template_name.empty()) {
        insert(std::move(draft), *std::move(text), std::move(cause), std::move(responder));
        return;
    }
    draft.template_id = request.template_name;
    rendered(request.template_name, request.parameters.value_or(noa::Json::object()),
             std::move(responder),
             [this, draft = std::move(draft), cause = std::move(cause)](const std::string& made,
                                                                        noa::Responder back) {
                 auto filled = Text::of(with_plain_breaks(made));
                 if (filled) {
                     insert(draft, *std::move(filled), cause, std::move(back));
                 } else {
                     back.fail(noa::invalid("/template: " + filled.error().text));
                 }
             });
}

void Drafting::insert(Draft draft, Text text, std::string cause, noa::Responder responder) {
    if (text.bytes() > settings_.quotas.draft.bytes) {
        responder.fail(noa::too_large("/content: " + std::to_string(text.bytes()) +
                                      " bytes, over quotas.draft of " +
                                      noa::sdk::to_text(settings_.quotas.draft)));
        return;
    }
    draft.created = draft.updated = date();
    draft.bytes = static_cast<std::int64_t>(text.bytes());
    const Quotas quotas{static_cast<std::int64_t>(settings_.quotas.drafts),
                        static_cast<std::int64_t>(settings_.quotas.author),
                        static_cast<std::int64_t>(settings_.quotas.total.bytes)};
    using Made = std::pair<bool, std::string>;
    stage<Made>(
        std::move(responder),
        [draft, text = std::move(text), cause = std::move(cause), quotas](Store& store) {
            std::string refused;
            auto made = store.create(draft, cause, text, quotas, refused);
            return made ? Stored<Made>(Made(*made, refused)) : Stored<Made>(made.error());
        },
        [id = draft.id](const Made& made, noa::Responder back) {
            if (!made.second.empty()) {
                back.fail(noa::Error{NOA_E_STATE, made.second + " is used up"});
            } else if (!made.first) {
                back.fail(noa::Error{NOA_E_STATE, "/id: there is a draft " + id});
            } else {
                back.reply(noa::json_body(noa::Json{{"id", id}, {"version", 0}}));
            }
        });
}

void Drafting::reply_page(noa::Json out, const Text& text, Position from,
                          noa::Responder responder) const {
    const Position to = text.whole(std::min(from + page_units, text.units()));
    auto page = text.slice(from, std::max(from, to));
    if (!page) {
        responder.fail(noa::invalid("/from: " + page.error().text));
        return;
    }
    out["content"] = *std::move(page);
    out["units"] = text.units();
    if (from > 0) {
        out["from"] = from;
    }
    if (to < text.units()) {
        out["next"] = to;
    }
    responder.reply(noa::json_body(out));
}

void Drafting::reply_former(const std::string& id, Version at, Position from, noa::Json out,
                            noa::Responder responder) {
    look<Text>(
        std::move(responder), [id, at](Reader& reader) { return reader.text_at(id, at); },
        [this, from, out = std::move(out)](const Text& text, noa::Responder back) mutable {
            out["bytes"] = text.bytes();
            reply_page(std::move(out), text, from, std::move(back));
        });
}

void Drafting::get(const GetRequest& request, const noa::Request& message,
                   noa::Responder responder) {
    with_draft_as(
        request.id, who(request.as, message), Role::viewer, std::move(responder),
        [this, request](OpenDraft& draft, noa::Responder back) {
            const Version version = draft.authority.version();
            if (request.version && (*request.version < 0 || *request.version > version)) {
                back.fail(noa::not_found("/version: the newest is " + std::to_string(version)));
                return;
            }
            noa::Json out = told(draft.authority.draft(), request.version.value_or(version));
            if (!request.content) {
                back.reply(noa::json_body(out));
            } else if (request.version.value_or(version) == version) {
                when_committed(std::move(back),
                               [this, out = std::move(out), text = draft.authority.text(),
                                from = request.from](noa::Responder rest) mutable {
                                   reply_page(std::move(out), text, from, std::move(rest));
                               });
            } else {
                when_committed(std::move(back),
                               [this, id = request.id, at = *request.version, from = request.from,
                                out = std::move(out)](noa::Responder rest) mutable {
                                   reply_former(id, at, from, std::move(out), std::move(rest));
                               });
            }
        });
}

void Drafting::list(const DraftListRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    ListQuery query;
    query.status = named<Status>(status_names, request.status);
    query.type = request.type;
    query.author = request.author;
    query.tag = request.tag;
    query.limit = request.limit;
    const auto as = who(request.as, message);
    noa::Status good = as ? noa::Status() : noa::Status(as.error());
    if (good && !request.status.empty() && !query.status) {
        good = noa::invalid("/status: must be draft, review, approved, published or archived");
    }
    if (good && (request.limit < 1 || request.limit > 200)) {
        good = noa::invalid("/limit: expected 1 to 200");
    }
    if (good && !request.page.empty()) {
        const char* end = request.page.data() + request.page.size();
        const auto [rest, error] = std::from_chars(request.page.data(), end, query.before);
        if (error != std::errc() || rest == end || *rest != '/') {
            good = noa::invalid("/page: must be one that a list gave");
        } else {
            query.behind.assign(rest + 1, end);
        }
    }
    if (!good) {
        responder.fail(good.error());
        return;
    }
    look<std::vector<Draft>>(
        std::move(responder), [query](Reader& reader) { return reader.list(query); },
        [this, as = *as, limit = request.limit](const std::vector<Draft>& all,
                                                noa::Responder back) {
            noa::Json drafts = noa::Json::array();
            for (const Draft& one : all) {
                const auto open = open_.find(one.id);
                const Draft& draft = open != open_.end() ? open->second.authority.draft() : one;
                if (draft.role_of(as) < Role::viewer) {
                    continue;
                }
                noa::Json entry = told(draft, open != open_.end() ? open->second.authority.version()
                                                                  : Version{0});
                if (open == open_.end()) {
                    entry.erase("version");
                }
                drafts.push_back(std::move(entry));
            }
            noa::Json out{{"drafts", std::move(drafts)}};
            if (static_cast<std::int64_t>(all.size()) == limit) {
                out["page"] = page_behind(all.back());
            }
            back.reply(noa::json_body(out));
        });
}

} // namespace drafting
