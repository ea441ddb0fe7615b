// What the store drops, so that it stays within its limits.
#include <algorithm>
#include <utility>

#include "noa/sdk/sqlite_rows.hpp"
#include "store.hpp"

namespace config {

namespace {

// Runs statements with the same parameter each, in one transaction.
Stored<> in_one(noa::sqlite::Database& database, std::initializer_list<std::string_view> texts,
                std::int64_t value) {
    auto transaction = database.begin();
    if (!transaction) {
        return transaction.error();
    }
    for (const std::string_view text : texts) {
        auto statement = database.prepare(text);
        auto done = statement ? statement->run(value)
                              : noa::sqlite::Result<std::int64_t>(statement.error());
        if (!done) {
            return done.error();
        }
    }
    return transaction->commit();
}

} // namespace

// Down to three quarters, so that it is rare; never within a transaction.
Stored<> Store::compact() {
    if (kept_.size() <= limits_.events && kept_bytes_ <= limits_.event_bytes) {
        return {};
    }
    std::size_t gone = 0;
    std::uint64_t bytes = 0;
    while (gone + 1 < kept_.size() &&
           ((kept_.size() - gone) * 4 > limits_.events * 3 ||
            (kept_bytes_ - bytes) * 4 > limits_.event_bytes * 3 ||
            (gone > 0 && kept_[gone - 1].last != kept_[gone - 1].revision))) {
        bytes += kept_[gone++].bytes;
    }
    while (gone > 0 && kept_[gone - 1].last != kept_[gone - 1].revision) {
        bytes -= kept_[--gone].bytes;
    }
    if (gone == 0) {
        return {};
    }
    const Revision floor = kept_[gone - 1].revision;
    constexpr std::string_view versions_of_unset =
        "DELETE FROM config_versions WHERE (name, environment) IN (SELECT name, environment FROM "
        "agent_configurations WHERE config_data IS NULL AND revision <= ?)";
    auto done =
        in_one(database_,
               {versions_of_unset,
                "DELETE FROM agent_configurations WHERE config_data IS NULL AND revision <= ?",
                "DELETE FROM config_versions WHERE revision <= ? AND config_data IS NULL",
                "UPDATE config_versions SET patch = '' WHERE revision <= ? AND patch <> ''",
                "UPDATE config_state SET value = ? WHERE key = 'compacted'"},
               floor);
    if (!done) {
        return done;
    }
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(gone));
    kept_bytes_ -= bytes;
    compacted_ = floor;
    return {};
}

Stored<> Store::shorten_audit() {
    const auto most = static_cast<std::int64_t>(limits_.audit_entries);
    if (audit_seq_ - audit_first_ + 1 <= most) {
        return {};
    }
    const std::int64_t first = audit_seq_ - most * 7 / 8 + 1;
    auto done = in_one(database_, {"DELETE FROM audit_log WHERE seq < ?"}, first);
    if (done) {
        audit_first_ = first;
    }
    return done;
}

Stored<> Store::put_back(const Foreign& foreign) {
    if (!foreign.recorded) {
        auto gone = database_.prepare(
            "DELETE FROM agent_configurations WHERE name = ? AND environment = ?");
        return gone ? done(*gone, foreign.key.name, foreign.key.layer) : Stored<>(gone.error());
    }
    const VersionRow& row = *foreign.recorded;
    auto newer = version(row.key, row.version + 1); // committed since it was found
    if (!newer || *newer) {
        return newer ? Stored<>() : Stored<>(newer.error());
    }
    return done(statements_->put_document, row.key.name, row.key.layer, row.text, row.version,
                row.revision, row.updated_at, row.updated_by, row.reason);
}

Stored<std::int64_t> Store::writes_of_others() {
    auto pragma = database_.prepare("PRAGMA data_version");
    if (!pragma) {
        return pragma.error();
    }
    auto found = pragma->first<std::int64_t>();
    return found ? Stored<std::int64_t>(*found ? std::get<0>(**found) : 0) : found.error();
}

Stored<std::string> Store::digest_of_file(const std::string& name, const std::string& path) {
    auto select = database_.prepare("SELECT digest FROM config_files WHERE name = ? AND path = ?");
    if (!select) {
        return select.error();
    }
    auto found = select->first<std::string>(name, path);
    return found ? Stored<std::string>(*found ? std::get<0>(**found) : "") : found.error();
}

Stored<> Store::note_file(const std::string& name, const std::string& path,
                          const std::string& digest) {
    auto put = database_.prepare("INSERT INTO config_files VALUES(?, ?, ?) ON CONFLICT(name) DO "
                                 "UPDATE SET path = excluded.path, digest = excluded.digest");
    return put ? done(*put, name, path, digest) : Stored<>(put.error());
}

} // namespace config
