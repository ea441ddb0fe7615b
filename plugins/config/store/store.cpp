#include "store.hpp"

#include <algorithm>
#include <utility>

#include "noa/sdk/sqlite_rows.hpp"
#include "noa/sdk/sqlite_store.hpp"
#include "tables.hpp"

namespace config {

namespace {

noa::Result<DocumentPtr> document_of(VersionRow row) {
    auto document = std::make_unique<Document>();
    document->key = std::move(row.key);
    document->version = row.version;
    document->revision = row.revision;
    document->updated_at = std::move(row.updated_at);
    document->updated_by = std::move(row.updated_by);
    document->reason = std::move(row.reason);
    document->deleted = !row.text;
    if (row.text) {
        auto value = noa::parse_json(*row.text);
        if (!value) {
            return noa::invalid(document->key.text() + ": " + value.error().text);
        }
        document->value = *std::move(value);
        document->text = *std::move(row.text);
    }
    return DocumentPtr(std::move(document));
}

} // namespace

Stored<Store> Store::open(const std::string& path, const Limits& limits) {
    auto database = noa::sqlite::open_store(path, migrations);
    if (!database) {
        return database.error();
    }
    Store store(*std::move(database), limits);
    if (auto prepared = store.prepare(); !prepared) {
        return noa::sqlite::with_advice(prepared.error());
    }
    return store;
}

Stored<> Store::prepare() {
    auto put_document = database_.prepare(
        "INSERT INTO agent_configurations VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT(name, environment) DO UPDATE SET config_data = excluded.config_data, "
        "version = excluded.version, revision = excluded.revision, "
        "updated_at = excluded.updated_at, updated_by = excluded.updated_by, "
        "reason = excluded.reason");
    auto put_version = database_.prepare(
        "INSERT INTO config_versions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto put_audit =
        database_.prepare("INSERT INTO audit_log VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto drop_content =
        database_.prepare("UPDATE config_versions INDEXED BY config_versions_kept "
                          "SET config_data = NULL WHERE name = ? AND "
                          "environment = ? AND version <= ? AND config_data IS NOT NULL");
    auto contents_of =
        database_.prepare("SELECT version, length(config_data) FROM config_versions "
                          "INDEXED BY config_versions_kept WHERE name = ? AND "
                          "environment = ? AND config_data IS NOT NULL ORDER BY version DESC");
    auto set_state = database_.prepare("UPDATE config_state SET value = ? WHERE key = ?");
    for (const auto* one :
         {&put_document, &put_version, &put_audit, &drop_content, &contents_of, &set_state}) {
        if (!*one) {
            return one->error();
        }
    }
    statements_.emplace(Statements{*std::move(put_document), *std::move(put_version),
                                   *std::move(put_audit), *std::move(drop_content),
                                   *std::move(contents_of), *std::move(set_state)});
    return count_kept();
}

Stored<> Store::count_kept() {
    auto state = database_.prepare("SELECT (SELECT value FROM config_state WHERE key = 'revision'),"
                                   "(SELECT value FROM config_state WHERE key = 'compacted')");
    auto ends = database_.prepare("SELECT ifnull(min(seq), 1), ifnull(max(seq), 0) FROM audit_log");
    auto head = database_.prepare("SELECT hash FROM audit_log ORDER BY seq DESC LIMIT 1");
    auto kept = database_.prepare("SELECT revision, last, length(patch) FROM config_versions "
                                  "WHERE revision > ? ORDER BY revision");
    for (const auto* one : {&state, &ends, &head, &kept}) {
        if (!*one) {
            return one->error();
        }
    }
    auto numbers = state->first<std::int64_t, std::int64_t>();
    auto seqs = ends->first<std::int64_t, std::int64_t>();
    auto hash = head->first<std::string>();
    if (!numbers || !*numbers || !seqs || !hash) {
        return !numbers ? numbers.error()
               : !seqs  ? seqs.error()
               : !hash  ? hash.error()
                        : noa::sqlite::Error{SQLITE_CORRUPT, "config_state is empty", "store"};
    }
    std::tie(revision_, compacted_) = **numbers;
    std::tie(audit_first_, audit_seq_) = **seqs;
    audit_hash_ = *hash ? std::get<0>(**hash) : "";
    if (auto bound = kept->bind(compacted_); !bound) {
        return bound;
    }
    return each_row(*kept, [this](noa::sqlite::Statement& row) -> Stored<> {
        auto read = row.row<std::int64_t, std::int64_t, std::uint64_t>();
        if (!read) {
            return read.error();
        }
        kept_.push_back({std::get<0>(*read), std::get<1>(*read), std::get<2>(*read)});
        kept_bytes_ += std::get<2>(*read);
        return {};
    });
}

Stored<Loaded> Store::load() {
    auto select = database_.prepare("SELECT name, environment, config_data, version, revision, "
                                    "updated_at, updated_by, reason FROM agent_configurations");
    if (!select) {
        return select.error();
    }
    auto foreign_rows = foreign();
    if (!foreign_rows) {
        return foreign_rows.error();
    }
    Loaded loaded{.documents = {},
                  .foreign = *std::move(foreign_rows),
                  .revision = revision_,
                  .compacted = compacted_};
    const auto put = [&](VersionRow row) -> Stored<> {
        auto document = document_of(std::move(row));
        if (!document) {
            return noa::sqlite::Error{SQLITE_CORRUPT, document.error().text, database_.path()};
        }
        loaded.documents.insert_or_assign((*document)->key, *document);
        return {};
    };
    auto all = each_row(*select, [&](noa::sqlite::Statement& at) -> Stored<> {
        auto row = at.row<std::string, std::string, std::optional<std::string>, std::int64_t,
                          std::int64_t, std::string, std::string, std::string>();
        if (!row) {
            return row.error();
        }
        VersionRow one;
        std::tie(one.key.name, one.key.layer, one.text, one.version, one.revision, one.updated_at,
                 one.updated_by, one.reason) = *std::move(row);
        const bool theirs =
            std::ranges::find(loaded.foreign, one.key, &Foreign::key) != loaded.foreign.end();
        return theirs ? Stored<>() : put(std::move(one));
    });
    for (const Foreign& one : loaded.foreign) {
        all = all && one.recorded ? put(*one.recorded) : std::move(all);
    }
    return all ? Stored<Loaded>(std::move(loaded)) : Stored<Loaded>(all.error());
}

Stored<> Store::commit(std::span<const Change> changes, std::span<AuditEntry> entries) {
    if (!changes.empty() && changes.front().after->revision != revision_ + 1) {
        return noa::sqlite::Error{SQLITE_ABORT, "what it is based on was not committed",
                                  database_.path()};
    }
    auto transaction = database_.begin();
    if (!transaction) {
        return noa::sqlite::with_advice(transaction.error());
    }
    const auto [audit_seq, audit_hash] = std::pair(audit_seq_, audit_hash_);
    Stored<> outcome;
    for (std::size_t at = 0; outcome && at < changes.size(); ++at) {
        outcome = write(changes[at]);
    }
    for (std::size_t at = 0; outcome && at < entries.size(); ++at) {
        outcome = write(entries[at]);
    }
    if (outcome && !changes.empty()) {
        outcome = done(statements_->set_state, changes.back().after->revision, "revision");
    }
    outcome = outcome ? transaction->commit() : outcome;
    if (!outcome) {
        audit_seq_ = audit_seq;
        audit_hash_ = audit_hash;
        return noa::sqlite::with_advice(outcome.error());
    }
    for (const Change& change : changes) {
        revision_ = change.after->revision;
        kept_.push_back({revision_, change.last, change.patch.size()});
        kept_bytes_ += change.patch.size();
    }
    // What does not become smaller now will the next time: the changes are there.
    static_cast<void>(compact());
    static_cast<void>(shorten_audit());
    return {};
}

Stored<> Store::write(const Change& change) {
    const Document& document = *change.after;
    const auto text = document.deleted ? std::optional<std::string_view>() : document.text;
    auto put = done(statements_->put_document, document.key.name, document.key.layer, text,
                    document.version, document.revision, document.updated_at, document.updated_by,
                    document.reason);
    put = put ? done(statements_->put_version, document.revision, document.key.name,
                     document.key.layer, document.version, change.kind, text, change.patch,
                     change.digest, document.updated_at, document.updated_by, document.reason,
                     change.cause, change.first, change.last)
              : put;
    return put ? drop_old_versions(document) : put;
}

Stored<> Store::drop_old_versions(const Document& document) {
    auto newest = document.version - static_cast<std::int64_t>(limits_.versions);
    if (document.text.size() * limits_.versions > limits_.version_bytes) {
        auto& select = statements_->contents_of;
        if (auto bound = select.bind(document.key.name, document.key.layer); !bound) {
            return bound;
        }
        std::uint64_t bytes = 0;
        auto summed = each_row(select, [&](noa::sqlite::Statement& row) -> Stored<> {
            auto read = row.row<std::int64_t, std::uint64_t>();
            if (!read) {
                return read.error();
            }
            bytes += std::get<1>(*read);
            if (bytes > limits_.version_bytes && std::get<0>(*read) < document.version) {
                newest = std::max(newest, std::get<0>(*read));
            }
            return {};
        });
        if (!summed) {
            return summed;
        }
    }
    return newest > 0
               ? done(statements_->drop_content, document.key.name, document.key.layer, newest)
               : Stored<>();
}

Stored<> Store::write(AuditEntry& entry) {
    entry.seq = audit_seq_ + 1;
    entry.hash = chained(audit_hash_, entry);
    auto put =
        done(statements_->put_audit, entry.seq, entry.at, entry.author, entry.action, entry.name,
             entry.layer, entry.revision, entry.digest, entry.reason, entry.hash);
    if (put) {
        audit_seq_ = entry.seq;
        audit_hash_ = entry.hash;
    }
    return put;
}

} // namespace config
