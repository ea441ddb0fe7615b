// What operators do about drift.
#include <utility>

#include "../drift/compare.hpp"
#include "agent.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::string_view host_itself = "host";

} // namespace

void Config::set_up_drift(noa::Setup& setup) {
    setup.use(sockets_);
    setup.operation("drift", "Documents that are not as they were recorded",
                    [this](const DriftRequest& request) { return list_drift(request); });
    setup.operation("drift.heal", "Puts back what was recorded",
                    [this](const HealRequest& request, noa::Responder responder) {
                        heal_drift(request, std::move(responder));
                    });
    setup.operation(
        "drift.accept", "Makes what was found the newest version",
        [this](const AcceptRequest& request, const noa::Request& message,
               noa::Responder responder) { accept_drift(request, message, std::move(responder)); });
    setup.operation("drift.note", "Of the host: what became of its own layer",
                    [this](const NoteRequest& request, const noa::Request& message) {
                        return note_drift(request, message);
                    });
    setup.event("config.drift.NAME", {.summary = "A document is not as it was recorded, or again"});
    setup.health("drift", noa::sdk::Weight::minor, [this] { return drift_health(); });
    setup.gauge("drifted", "Documents and rows that are not as they were recorded", [this] {
        std::size_t count = drift_.rows.size();
        for (const auto& [name, watched] : drift_.files) {
            count += watched.last.state == FileOutcome::State::drifted ? 1 : 0;
        }
        return count;
    });
    setup.counter("heals_total", "What was put back", [this] { return heals_; });
}

Config::Body Config::list_drift(const DriftRequest& request) {
    Json documents = Json::array();
    for (const auto& [name, watched] : drift_.files) {
        if (!request.name || *request.name == name) {
            documents.push_back(shown_file(name, watched));
        }
    }
    Json rows = Json::array();
    for (const auto& [key, row] : drift_.rows) {
        if (!request.name || *request.name == key.name) {
            rows.push_back({{"name", key.name},
                            {"layer", key.layer},
                            {"found", row.found ? "changed" : "gone"}});
        }
    }
    return noa::json_body(Json{{"documents", std::move(documents)}, {"rows", std::move(rows)}});
}

void Config::heal_drift(const HealRequest& request, noa::Responder responder) {
    bool rows = false;
    for (const auto& [key, row] : std::exchange(drift_.rows, {})) {
        if (key.name == request.name) {
            put_row_back(row, Drift::heal);
            rows = true;
        } else {
            drift_.rows.emplace(key, row);
        }
    }
    const auto found = drift_.files.find(request.name);
    if (found != drift_.files.end()) {
        found->second.heal_once = true;
        found->second.asked.push_back(std::move(responder));
        look_at_file(request.name);
    } else if (rows) {
        responder.reply(noa::json_body(Json{{"name", request.name}, {"state", "healed"}}));
    } else {
        responder.fail(noa::not_found(request.name + " is as it was recorded, or not watched"));
    }
}

void Config::accept_drift(const AcceptRequest& request, const noa::Request& message,
                          noa::Responder responder) {
    const std::string layer = request.layer.value_or(std::string(host_layer));
    auto write = std::make_unique<Write>(
        Write{.edits = {},
              .cause = cause_of(message, request.author, request.reason, "accept"),
              .dry_run = false,
              .transaction = true,
              .responder = std::move(responder),
              .approved = {}});
    for (const auto& [key, row] : drift_.rows) {
        auto value = row.found ? noa::parse_json(*row.found) : noa::Result<Json>(Json());
        if (key.name == request.name && value && value->is_object()) {
            Edit edit;
            edit.key = key;
            edit.value = *std::move(value);
            write->edits.push_back(std::move(edit));
        }
    }
    const auto found = drift_.files.find(request.name);
    const auto memo = effective(request.name, settings_.environment);
    if (found != drift_.files.end() && memo && found->second.last.found.is_object() &&
        found->second.last.state == FileOutcome::State::drifted) {
        const Watched& watched = found->second;
        const Json theirs =
            with_ignored(watched.last.found, (*memo)->value, watched.policy.ignored);
        Edit edit;
        edit.kind = Edit::Kind::merge;
        edit.key = {request.name, layer};
        edit.value = merge_patch_between((*memo)->value, theirs);
        write->edits.push_back(std::move(edit));
    }
    if (is_reserved(layer) || write->edits.empty()) {
        refuse(*write, is_reserved(layer)
                           ? noa::invalid("/layer: begins with _: it is not for documents")
                           : noa::not_found("nothing of " + request.name +
                                            " was found that could be a document"));
        return;
    }
    begin(std::move(write), message);
}

// Before a policy is set: its file is where files may be, and has no other document.
noa::Status Config::check_file(const WriteRequest& policy) const {
    if (!policy.value || !policy.value->is_object() || policy.pointer.value_or("") != "" ||
        !fault_of_policy(*policy.value).empty()) {
        return {}; // refused later, with words of its own
    }
    const std::string file = path_of(policy_of(*policy.value).file);
    if (file.empty()) {
        return {};
    }
    if (!drift_.places->has(file)) {
        return noa::Error{NOA_E_DENIED,
                          "/value/file: " + file + " is not in a directory of the setting files"};
    }
    for (const auto& [name, watched] : drift_.files) {
        if (name != policy.name && watched.path == file) {
            return noa::invalid("/value/file: " + file + " has the document " + name + " already");
        }
    }
    return {};
}

Config::Body Config::note_drift(const NoteRequest& request, const noa::Request& message) {
    if (message.from() != host_itself || request.name != host_itself) {
        return noa::Error{NOA_E_DENIED, "only the host says so, about itself"};
    }
    publish_drift(request.name, Json{{"name", request.name},
                                     {"file", request.file},
                                     {"state", request.state},
                                     {"at", date_of_now()},
                                     {"patch", request.patch}});
    audit_drift(drift_entry(request.state == "healed" ? "healed" : "drifted",
                            {request.name, std::string(host_layer)},
                            request.file + " " + noa::json_text(request.patch)));
    heals_ += request.state == "healed" ? 1 : 0;
    return noa::json_body(Json::object());
}

} // namespace config
