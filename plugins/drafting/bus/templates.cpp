// Texts to begin with.
#include <algorithm>
#include <map>
#include <utility>

#include "../templates/render.hpp"
#include "agent.hpp"

namespace drafting {

namespace {

constexpr std::int64_t most_templates = 200;
constexpr std::size_t longest_template_name = 63;

using Templates = std::map<std::string, noa::Json>;

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= longest_template_name &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
}

Stored<Templates> all_templates(noa::sqlite::Database& database) {
    Templates all;
    auto read = each_row(database, "SELECT name, told FROM templates ORDER BY name",
                         [&all](const noa::sqlite::Statement& row) -> Stored<> {
                             auto one = row.row<std::string, std::string>();
                             if (!one) {
                                 return one.error();
                             }
                             all[std::get<0>(*one)] =
                                 noa::Json::parse(std::get<1>(*one), nullptr, false);
                             return {};
                         });
    return read ? Stored<Templates>(std::move(all)) : Stored<Templates>(read.error());
}

Template template_of(const noa::Json& told) {
    return {told.value("content", std::string()), told.value("parameters", noa::Json())};
}

} // namespace

void Drafting::set_up_templates(noa::Setup& setup) {
    setup.operation(
        "template.set", "Keeps a text to begin drafts with",
        [this](const TemplateSetRequest& request, const noa::Request& message,
               noa::Responder responder) { set_template(request, message, std::move(responder)); });
    setup.operation(
        "template.drop", "Takes a template away",
        [this](const NameRequest& request, const noa::Request& message, noa::Responder responder) {
            drop_template(request, message, std::move(responder));
        });
    setup.operation("template.list", "Templates, with their parameters",
                    [this](const noa::Request&, noa::Responder responder) {
                        list_templates(std::move(responder));
                    });
    setup.operation("template.render", "What a template makes of parameters",
                    [this](const RenderRequest& request, noa::Responder responder) {
                        render_template(request, std::move(responder));
                    });
}

void Drafting::set_template(const TemplateSetRequest& request, const noa::Request& message,
                            noa::Responder responder) {
    const auto as = who(request.as, message);
    const Template wanted{with_plain_breaks(request.content),
                          request.parameters.value_or(noa::Json())};
    noa::Status good = as ? drafting::check(wanted) : noa::Status(as.error());
    if (good && (!is_name(request.name) || !is_utf8(request.content) ||
                 request.description.size() > 1000 || !is_utf8(request.description))) {
        good = noa::invalid("/name: [a-z0-9_-], 63 at most; /description: 1,000 bytes at most");
    }
    if (!good) {
        responder.fail(std::move(good).error());
        return;
    }
    noa::Json out{{"name", request.name},
                  {"content", wanted.content},
                  {"author", *as},
                  {"at", date_text(date())}};
    if (!wanted.parameters.is_null()) {
        out["parameters"] = wanted.parameters;
    }
    if (!request.description.empty()) {
        out["description"] = request.description;
    }
    stage<bool>(
        std::move(responder),
        [name = request.name, author = *as, at = date(),
         text = noa::json_text(out)](Store& store) -> Stored<bool> {
            auto put = store.database().prepare(
                "INSERT INTO templates SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM templates "
                "WHERE name <> ?1) < ?5 ON CONFLICT(name) DO UPDATE SET author = ?2, at = ?3, "
                "told = ?4");
            auto rows = put ? put->run(name, author, at, text, most_templates)
                            : Stored<std::int64_t>(put.error());
            return rows ? Stored<bool>(*rows > 0) : Stored<bool>(rows.error());
        },
        [name = request.name](bool kept, noa::Responder back) {
            if (kept) {
                back.reply(noa::json_body(noa::Json{{"name", name}}));
            } else {
                back.fail(noa::Error{NOA_E_STATE, "200 templates are all there may be"});
            }
        });
}

void Drafting::drop_template(const NameRequest& request, const noa::Request& /*message*/,
                             noa::Responder responder) {
    stage<bool>(
        std::move(responder),
        [name = request.name](Store& store) -> Stored<bool> {
            auto gone = store.database().prepare("DELETE FROM templates WHERE name = ?");
            auto rows = gone ? gone->run(name) : Stored<std::int64_t>(gone.error());
            return rows ? Stored<bool>(*rows > 0) : Stored<bool>(rows.error());
        },
        [](bool gone, noa::Responder back) {
            if (gone) {
                back.reply(noa::json_body(noa::Json::object()));
            } else {
                back.fail(noa::not_found("/name: there is no such template"));
            }
        });
}

void Drafting::list_templates(noa::Responder responder) {
    look<Templates>(
        std::move(responder), [](Reader& reader) { return all_templates(reader.database()); },
        [](const Templates& all, noa::Responder back) {
            noa::Json list = noa::Json::array();
            for (const auto& [name, one] : all) {
                list.push_back(one);
            }
            back.reply(noa::json_body(noa::Json{{"templates", std::move(list)}}));
        });
}

void Drafting::rendered(const std::string& name, noa::Json parameters, noa::Responder responder,
                        noa::sdk::Function<void(std::string, noa::Responder)> then) {
    look<Templates>(
        std::move(responder), [](Reader& reader) { return all_templates(reader.database()); },
        [this, name, parameters = std::move(parameters),
         then = std::move(then)](const Templates& all, noa::Responder back) mutable {
            std::map<std::string, Template> known;
            for (const auto& [key, one] : all) {
                known[key] = template_of(one);
            }
            task(
                [name, known = std::move(known), parameters = std::move(parameters),
                 most = settings_.quotas.draft.bytes] {
                    return render(name, known, parameters, most);
                },
                [this, back = std::move(back),
                 then = std::move(then)](noa::Result<std::string> text) mutable {
                    if (closing_) {
                        return; // redelivered to the next generation
                    }
                    if (text) {
                        then(*std::move(text), std::move(back));
                    } else {
                        back.fail(text.error());
                    }
                });
        });
}

void Drafting::render_template(const RenderRequest& request, noa::Responder responder) {
    rendered(request.name, request.parameters.value_or(noa::Json::object()), std::move(responder),
             [](const std::string& text, noa::Responder back) {
                 back.reply(noa::json_body(noa::Json{{"content", text}}));
             });
}

} // namespace drafting
