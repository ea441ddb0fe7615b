// From a request to the batch that it is committed with.
#include <algorithm>
#include <array>
#include <utility>

#include "agent.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::size_t most_edits = 128;
constexpr unsigned most_rounds = 8;
constexpr std::size_t longest_refusal = 512;

std::string layer_or_base(const Text& layer) {
    return layer.value_or(std::string(base_layer));
}

// Reserved layers have operations of their own.
noa::Status check_layer(const Text& layer) {
    return layer && is_reserved(*layer)
               ? noa::invalid("/layer: begins with _: it is not for documents")
               : noa::Status();
}

noa::Result<Edit> edit_of(const WriteRequest& request, Edit::Kind kind) {
    const bool needs_value = kind == Edit::Kind::set || kind == Edit::Kind::patch;
    if (needs_value != request.value.has_value()) {
        return noa::invalid(needs_value ? "/value: is missing" : "/value: is not expected");
    }
    const bool merge = kind == Edit::Kind::patch && request.value->is_object();
    return Edit{.kind = merge ? Edit::Kind::merge : kind,
                .key = {request.name, layer_or_base(request.layer)},
                .pointer = request.pointer.value_or(""),
                .value = request.value.value_or(Json()),
                .if_version = request.if_version,
                .if_revision = request.if_revision};
}

noa::Result<Edit> edit_of(const Step& step) {
    constexpr std::array<std::pair<std::string_view, Edit::Kind>, 4> kinds{
        {{"set", Edit::Kind::set},
         {"unset", Edit::Kind::unset},
         {"patch", Edit::Kind::patch},
         {"expect", Edit::Kind::expect}}};
    const auto* kind =
        std::ranges::find(kinds, step.op, &std::pair<std::string_view, Edit::Kind>::first);
    if (kind == kinds.end()) {
        return noa::invalid("op: expected set, unset, patch or expect, found " +
                            noa::json_text(Json(step.op)).substr(0, longest_name));
    }
    const WriteRequest request{.name = step.name,
                               .layer = step.layer,
                               .pointer = step.pointer,
                               .value = step.value,
                               .if_version = step.if_version,
                               .if_revision = step.if_revision,
                               .reason = {},
                               .author = {}};
    if (noa::Status good = check_layer(step.layer); !good) {
        return std::move(good).error();
    }
    return edit_of(request, kind->second);
}

Json shown(const Edit& edit, const DocumentPtr& now, Revision last) {
    const bool changed = now && now->revision > last;
    Json out{{"name", edit.key.name}, {"layer", edit.key.layer}, {"changed", changed}};
    if (now) {
        out["version"] = now->version;
        out["revision"] = now->revision;
    }
    return out;
}

// `last` is the revision before the plan's.
std::string reply_text(const std::vector<Edit>& edits, const Plan& plan, bool transaction,
                       bool dry_run, Revision last) {
    Json all = Json::array();
    for (std::size_t at = 0; at < edits.size(); ++at) {
        Json one = shown(edits[at], plan.now[at], last);
        for (const Change& change : plan.changes) {
            if (change.after->key == edits[at].key && change.after->deleted) {
                one["changed"] = one["unset"] = true;
                one["version"] = change.after->version;
                one["revision"] = change.after->revision;
            }
        }
        all.push_back(std::move(one));
    }
    Json out = transaction ? Json{{"documents", std::move(all)}, {"changed", !plan.changes.empty()}}
                           : std::move(all.front());
    if (dry_run) {
        out["dry_run"] = true;
        for (const Change& change : plan.changes) {
            if (!change.patch.empty()) {
                out["patches"][change.after->key.layer][change.after->key.name] =
                    Json::parse(change.patch);
            }
        }
    }
    return noa::json_text(out);
}

} // namespace

void Config::set_up_writes(noa::Setup& setup) {
    const auto one = [&](const char* name, const char* summary, Edit::Kind kind) {
        setup.operation(name, summary,
                        [this, kind](const WriteRequest& request, const noa::Request& message,
                                     noa::Responder responder) {
                            if (noa::Status good = check_layer(request.layer); !good) {
                                responder.fail(good.error());
                                return;
                            }
                            write_one(request, kind, message, std::move(responder));
                        });
    };
    one("set", "Sets a document, or a value in it", Edit::Kind::set);
    one("unset", "Takes a document away, or a value out of it", Edit::Kind::unset);
    one("patch", "Changes a document by a JSON Patch, or a merge patch", Edit::Kind::patch);
    setup.operation(
        "transact", "Several changes, or none",
        [this](const TransactRequest& request, const noa::Request& message,
               noa::Responder responder) { transact(request, message, std::move(responder)); });
    setup.operation("validate", "Whether a document would be accepted, and if not why",
                    [this](const WriteRequest& request, const noa::Request& message) {
                        return validate(request, message);
                    });
    set_up_reserved(setup, schema_layer, "schema");
    set_up_reserved(setup, template_layer, "template");
    set_up_reserved(setup, policy_layer, "policy");
}

void Config::set_up_reserved(noa::Setup& setup, std::string_view layer, const std::string& prefix) {
    const std::array<std::pair<const char*, Edit::Kind>, 2> verbs{
        {{"set", Edit::Kind::set}, {"unset", Edit::Kind::unset}}};
    for (const auto& [verb, kind] : verbs) {
        setup.operation(
            prefix + "." + verb, "Of a document's name",
            [this, layer, kind = kind](const WriteRequest& request, const noa::Request& message,
                                       noa::Responder responder) {
                WriteRequest there = request;
                there.layer = std::string(layer);
                if (noa::Status good = layer == policy_layer ? check_file(there) : noa::Status();
                    !good) {
                    responder.fail(good.error());
                    return;
                }
                write_one(there, kind, message, std::move(responder));
            });
    }
    setup.operation(prefix + ".get", "Of a document's name",
                    [this, layer](const GetRequest& request) {
                        GetRequest there = request;
                        there.layer = std::string(layer);
                        return one_layer(there);
                    });
}

void Config::write_one(const WriteRequest& request, Edit::Kind kind, const noa::Request& message,
                       noa::Responder responder) {
    auto edit = edit_of(request, kind);
    if (!edit) {
        responder.fail(edit.error());
        return;
    }
    auto write = std::make_unique<Write>(
        Write{.edits = {},
              .cause = cause_of(message, request.author, request.reason, "set"),
              .dry_run = request.dry_run,
              .transaction = false,
              .responder = std::move(responder),
              .approved = {}});
    write->edits.push_back(*std::move(edit));
    begin(std::move(write), message);
}

void Config::transact(const TransactRequest& request, const noa::Request& message,
                      noa::Responder responder) {
    if (request.steps.empty() || request.steps.size() > most_edits) {
        responder.fail(noa::invalid("/steps: expected 1 to 128"));
        return;
    }
    auto write = std::make_unique<Write>(
        Write{.edits = {},
              .cause = cause_of(message, request.author, request.reason, "set"),
              .dry_run = request.dry_run,
              .transaction = true,
              .responder = std::move(responder),
              .approved = {}});
    for (std::size_t at = 0; at < request.steps.size(); ++at) {
        auto edit = edit_of(request.steps[at]);
        if (!edit) {
            edit.error().text.insert(0, "/steps/" + std::to_string(at) + "/");
            write->responder.fail(edit.error());
            return;
        }
        write->edits.push_back(*std::move(edit));
    }
    begin(std::move(write), message);
}

Config::Body Config::validate(const WriteRequest& request, const noa::Request& message) {
    auto edit = edit_of(request, Edit::Kind::set);
    if (!edit) {
        return edit.error();
    }
    Planner planner(tables_, plan_limits_);
    const auto plan =
        planner.plan({*std::move(edit)}, cause_of(message, request.author, request.reason, "set"));
    return noa::json_body(plan ? Json{{"ok", true}}
                               : Json{{"ok", false}, {"error", plan.error().text}});
}

// A request that came before may have been committed, and its answer lost.
void Config::begin(WritePtr write, const noa::Request& message) {
    if (!message.redelivered() || write->dry_run) {
        go_on(std::move(write));
        return;
    }
    auto responder = std::move(write->responder);
    std::string message_id = write->cause.message;
    look<std::vector<VersionRow>>(
        [cause = std::move(message_id)](Store& store) { return store.caused_by(cause); },
        std::move(responder),
        [this, write = std::move(write)](const std::vector<VersionRow>& rows,
                                         noa::Responder back) mutable {
            write->responder = std::move(back);
            if (rows.empty()) {
                go_on(std::move(write));
                return;
            }
            Json all = Json::array();
            for (const VersionRow& row : rows) {
                all.push_back({{"name", row.key.name},
                               {"layer", row.key.layer},
                               {"changed", true},
                               {"version", row.version},
                               {"revision", row.revision}});
            }
            write->responder.reply(noa::json_body(
                write->transaction ? Json{{"documents", all}, {"changed", true}} : all.front()));
        });
}

void Config::go_on(WritePtr write) {
    Planner planner(tables_, plan_limits_);
    auto plan = planner.plan(write->edits, write->cause);
    if (!plan) {
        refuse(*write, plan.error());
        return;
    }
    const auto open = questions(planner, *plan);
    const bool approved =
        std::ranges::equal(open, write->approved, {}, [](const Question& one) { return one.body; });
    if (plan->changes.empty() || approved) {
        stage(*write, *std::move(plan));
    } else if (++write->rounds > most_rounds) {
        refuse(*write, noa::busy("others change it all the time: try again"));
    } else {
        ask(std::move(write), open);
    }
}

std::vector<Config::Question> Config::questions(const Planner& planner, const Plan& plan) const {
    std::vector<Question> out;
    const Find find = planner.view();
    for (const auto& [name, environment] : plan.affected) {
        const DocumentPtr policy = find({name, std::string(policy_layer)});
        if (policy == nullptr || environment != settings_.environment) {
            continue;
        }
        const auto value = Effective(find, plan_limits_.effective).value(name, environment);
        if (!value) { // there is no document, or none any more
            continue;
        }
        const Policy wanted = policy_of(policy->value);
        for (const std::string& agent : wanted.consumers) {
            const Json body{{"name", name}, {"environment", environment}, {"value", *value}};
            out.push_back({agent, noa::json_text(body), wanted.consumers_required});
        }
    }
    return out;
}

void Config::ask(WritePtr write, const std::vector<Question>& open) {
    // Owners: the answers that are still to come.
    const std::shared_ptr<Inquiry> inquiry(new Inquiry);
    inquiry->open = open.size();
    inquiry->write = std::move(write);
    for (const Question& question : open) {
        inquiry->asked.push_back(question.body);
    }
    for (const Question& question : open) {
        request(std::string_view(question.agent), "validate",
                noa::sdk::Body(question.body, noa::sdk::json_content_type))
            .timeout(settings_.validate_timeout)
            .then([this, inquiry, question](const noa::Reply& reply) {
                answered(inquiry, question, reply);
            });
    }
}

void Config::answered(const std::shared_ptr<Inquiry>& inquiry, const Question& question,
                      const noa::Reply& reply) {
    const bool absent = reply.status() == NOA_E_NO_AGENT || reply.status() == NOA_E_UNAVAILABLE;
    const bool silent = reply.status() == NOA_E_UNSUPPORTED || (absent && !question.required);
    std::string refusal;
    if (reply.ok()) {
        const Json said = Json::parse(reply.body(), nullptr, false);
        if (said.is_object() && !said.value("ok", true)) {
            refusal = said.contains("error") ? noa::json_text(said["error"]) : "refused";
        }
    } else if (!silent) {
        refusal = reply.text();
    }
    if (!refusal.empty() && inquiry->refusal.empty()) {
        inquiry->refusal = "the agent " + question.agent + " does not take it: " + refusal;
    }
    if (--inquiry->open > 0) {
        return;
    }
    WritePtr write = std::move(inquiry->write);
    if (!inquiry->refusal.empty()) {
        refuse(*write, noa::invalid(inquiry->refusal));
        return;
    }
    write->approved = inquiry->asked;
    go_on(std::move(write));
}

void Config::stage(Write& write, Plan plan) {
    const Revision last = tables_.revision_ahead();
    std::string text = reply_text(write.edits, plan, write.transaction, write.dry_run, last);
    const bool at_once = plan.changes.empty() && !in_flight_ && gathering_->empty();
    if (write.dry_run || at_once) {
        write.responder.reply(noa::sdk::Body(text, noa::sdk::json_content_type));
        return;
    }
    tables_.stage(plan.changes);
    for (Change& change : plan.changes) {
        const Document& document = *change.after;
        AuditEntry entry;
        entry.at = document.updated_at;
        entry.author = document.updated_by;
        entry.action = change.kind;
        entry.name = document.key.name;
        entry.layer = document.key.layer;
        entry.revision = document.revision;
        entry.digest = change.digest;
        entry.reason = document.reason;
        gathering_->audit.push_back(std::move(entry));
        gathering_->changes.push_back(std::move(change));
    }
    gathering_->answers.push_back({std::move(write.responder), std::move(text)});
    flush();
}

void Config::refuse(Write& write, const noa::Error& error) {
    refused_.add();
    write.responder.fail(error);
    if (write.dry_run || write.edits.empty()) {
        return;
    }
    if (!refusals_.take(now())) {
        ++refusals_untold_;
        return;
    }
    AuditEntry entry;
    entry.at = write.cause.at;
    entry.author = write.cause.author;
    entry.action = "refused";
    entry.name = write.edits.front().key.name;
    entry.layer = write.edits.front().key.layer;
    // What was found may be a secret that was given in plain.
    entry.reason = error.text.substr(0, std::min(error.text.find(", found "), longest_refusal));
    if (const auto left_out = std::exchange(refusals_untold_, 0); left_out > 0) {
        entry.reason += " (" + std::to_string(left_out) + " more before it)";
    }
    gathering_->audit.push_back(std::move(entry));
    flush();
}

} // namespace config
