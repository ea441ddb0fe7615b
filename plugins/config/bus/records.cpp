// What is read of the store: versions, the way back, the audit log, migrations.
#include <utility>

#include "../store/tables.hpp"
#include "agent.hpp"
#include "noa/sdk/sqlite_operations.hpp"

namespace config {

namespace {

using noa::Json;

Key key_of(const std::string& name, const Text& layer) {
    return {name, layer.value_or(std::string(base_layer))};
}

Json shown(const VersionRow& row) {
    return {{"version", row.version}, {"revision", row.revision},    {"kind", row.kind},
            {"at", row.updated_at},   {"author", row.updated_by},    {"reason", row.reason},
            {"digest", row.digest},   {"kept", row.text.has_value()}};
}

Json shown(const AuditEntry& entry) {
    return {{"seq", entry.seq},           {"at", entry.at},         {"author", entry.author},
            {"action", entry.action},     {"name", entry.name},     {"layer", entry.layer},
            {"revision", entry.revision}, {"digest", entry.digest}, {"reason", entry.reason},
            {"hash", entry.hash}};
}

bool in_bounds(std::int64_t limit) {
    return limit >= 1 && limit <= 1000;
}

// The content of a version, or why there is none.
noa::Result<Json> content_of(const std::optional<VersionRow>& row, const Key& key,
                             std::int64_t version) {
    const std::string what = key.text() + ": version " + std::to_string(version);
    if (!row) {
        return noa::not_found(what + " is not kept");
    }
    if (!row->text) {
        return noa::not_found(what +
                              (row->digest.empty() ? " is where it was unset" : " is not kept"));
    }
    return noa::parse_json(*row->text);
}

using TwoVersions = std::pair<std::optional<VersionRow>, std::optional<VersionRow>>;

} // namespace

void Config::set_up_records(noa::Setup& setup) {
    setup.operation("history", "The versions of a layer of a document, the newest first",
                    [this](const HistoryRequest& request, noa::Responder responder) {
                        history(request, std::move(responder));
                    });
    setup.operation("version", "The content of a version of a layer of a document",
                    [this](const VersionRequest& request, noa::Responder responder) {
                        version(request, std::move(responder));
                    });
    setup.operation("diff", "The JSON Patch from one version to another",
                    [this](const DiffRequest& request, noa::Responder responder) {
                        diff(request, std::move(responder));
                    });
    setup.operation(
        "rollback", "Makes a former version the newest",
        [this](const RollbackRequest& request, const noa::Request& message,
               noa::Responder responder) { rollback(request, message, std::move(responder)); });
    setup.operation("audit", "Who changed what; goes through the chain if told to",
                    [this](const AuditRequest& request, noa::Responder responder) {
                        audit(request, std::move(responder));
                    });
    noa::sqlite::offer_migrations(setup, migrations, [this](auto work, auto done) {
        worker_->run([work = std::move(work)](Store& store) mutable { work(store.database()); },
                     std::move(done));
    });
    backup_.validate_with([](const std::string& directory, const std::stop_token& stop) {
        return noa::sqlite::check_store(directory + "/config.db", migrations, stop);
    });
    setup.use(backup_);
}

void Config::history(const HistoryRequest& request, noa::Responder responder) {
    if (!in_bounds(request.limit)) {
        responder.fail(noa::invalid("/limit: expected 1 to 1000"));
        return;
    }
    const Key key = key_of(request.name, request.layer);
    look<std::vector<VersionRow>>(
        [key, limit = request.limit](Store& store) { return store.history(key, limit); },
        std::move(responder),
        [](const std::vector<VersionRow>& rows, noa::Responder back) {
            Json versions = Json::array();
            for (const VersionRow& row : rows) {
                versions.push_back(shown(row));
            }
            back.reply(noa::json_body(Json{{"versions", std::move(versions)}}));
        });
}

void Config::version(const VersionRequest& request, noa::Responder responder) {
    const Key key = key_of(request.name, request.layer);
    const DocumentPtr current = tables_.ahead(key);
    const std::int64_t wanted = request.version > 0 ? request.version
                                : current           ? current->version - 1
                                                    : 0;
    look<std::optional<VersionRow>>(
        [key, wanted](Store& store) { return store.version(key, wanted); }, std::move(responder),
        [key, wanted](const std::optional<VersionRow>& row, noa::Responder back) {
            auto value = content_of(row, key, wanted);
            if (!value) {
                back.fail(value.error());
                return;
            }
            Json out = shown(*row);
            out["value"] = *std::move(value);
            back.reply(noa::json_body(out));
        });
}

void Config::diff(const DiffRequest& request, noa::Responder responder) {
    const Key key = key_of(request.name, request.layer);
    const DocumentPtr current = tables_.find(key);
    const std::int64_t to = request.to > 0 ? request.to : current ? current->version : 0;
    const std::int64_t from = request.from > 0 ? request.from : to - 1;
    look<TwoVersions>(
        [key, from, to](Store& store) -> Stored<TwoVersions> {
            auto first = store.version(key, from);
            auto second = store.version(key, to);
            if (!first || !second) {
                return first ? second.error() : first.error();
            }
            return TwoVersions{*std::move(first), *std::move(second)};
        },
        std::move(responder),
        [key, from, to](const TwoVersions& two, noa::Responder back) {
            const auto before =
                from < 1 ? noa::Result<Json>(Json::object()) : content_of(two.first, key, from);
            const auto after = content_of(two.second, key, to);
            if (!before || !after) {
                back.fail(before ? after.error() : before.error());
                return;
            }
            back.reply(noa::json_body(
                Json{{"from", from}, {"to", to}, {"patch", Json::diff(*before, *after)}}));
        });
}

void Config::rollback(const RollbackRequest& request, const noa::Request& message,
                      noa::Responder responder) {
    const Key key = key_of(request.name, request.layer);
    if (is_reserved(key.layer)) {
        responder.fail(noa::invalid("/layer: begins with _: it is not for documents"));
        return;
    }
    const DocumentPtr current = tables_.ahead(key);
    const std::int64_t to = request.to > 0 ? request.to : current ? current->version - 1 : 0;
    Text reason = request.reason;
    if (!reason) {
        reason = "back to version " + std::to_string(to);
    }
    auto write = std::make_unique<Write>(
        Write{.edits = {},
              .cause = cause_of(message, request.author, reason, "rollback"),
              .dry_run = false,
              .transaction = false,
              .responder = std::move(responder),
              .approved = {}});
    auto back = std::move(write->responder);
    look<std::optional<VersionRow>>(
        [key, to](Store& store) { return store.version(key, to); }, std::move(back),
        [this, key, to, write = std::move(write)](const std::optional<VersionRow>& row,
                                                  noa::Responder again) mutable {
            write->responder = std::move(again);
            auto value = content_of(row, key, to);
            if (!value) {
                refuse(*write, value.error());
                return;
            }
            Edit edit;
            edit.key = key;
            edit.value = *std::move(value);
            write->edits.push_back(std::move(edit));
            go_on(std::move(write));
        });
}

void Config::audit(const AuditRequest& request, noa::Responder responder) {
    if (!in_bounds(request.limit)) {
        responder.fail(noa::invalid("/limit: expected 1 to 1000"));
        return;
    }
    if (request.verify) {
        look<AuditVerdict>([](Store& store) { return store.verify_audit(); }, std::move(responder),
                           [](const AuditVerdict& verdict, noa::Responder back) {
                               back.reply(noa::json_body(Json{{"ok", verdict.broken_at == 0},
                                                              {"entries", verdict.entries},
                                                              {"first", verdict.first},
                                                              {"broken_at", verdict.broken_at},
                                                              {"head", verdict.head}}));
                           });
        return;
    }
    const AuditQuery query{request.name.value_or(""), request.before, request.limit};
    look<std::vector<AuditEntry>>(
        [query](Store& store) { return store.audit(query); }, std::move(responder),
        [](const std::vector<AuditEntry>& rows, noa::Responder back) {
            Json entries = Json::array();
            for (const AuditEntry& entry : rows) {
                entries.push_back(shown(entry));
            }
            back.reply(noa::json_body(Json{{"entries", std::move(entries)}}));
        });
}

} // namespace config
