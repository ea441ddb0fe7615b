// What is read of the store.
#include <algorithm>
#include <utility>

#include "noa/sdk/sqlite_store.hpp"
#include "store.hpp"

namespace config {

namespace {

constexpr auto select_versions =
    "SELECT name, environment, version, revision, kind, config_data, patch, digest, updated_at, "
    "updated_by, reason, cause, first, last FROM config_versions ";
constexpr auto select_audit = "SELECT seq, at, author, action, name, environment, revision, "
                              "digest, reason, hash FROM audit_log ";

Stored<VersionRow> version_row(noa::sqlite::Statement& at) {
    using Text = std::string;
    auto row = at.row<Text, Text, std::int64_t, std::int64_t, Text, std::optional<Text>, Text, Text,
                      Text, Text, Text, Text, std::int64_t, std::int64_t>();
    if (!row) {
        return row.error();
    }
    auto& [name, layer, version, revision, kind, text, patch, digest, updated_at, updated_by,
           reason, cause, first, last] = *row;
    return VersionRow{{std::move(name), std::move(layer)},
                      version,
                      revision,
                      std::move(kind),
                      std::move(text),
                      std::move(patch),
                      std::move(digest),
                      std::move(updated_at),
                      std::move(updated_by),
                      std::move(reason),
                      std::move(cause),
                      first,
                      last};
}

Stored<AuditEntry> audit_row(noa::sqlite::Statement& at) {
    using Text = std::string;
    auto row = at.row<std::int64_t, Text, Text, Text, Text, Text, std::int64_t, Text, Text, Text>();
    if (!row) {
        return row.error();
    }
    auto& [seq, when, author, action, name, layer, revision, digest, reason, hash] = *row;
    return AuditEntry{seq,
                      std::move(when),
                      std::move(author),
                      std::move(action),
                      std::move(name),
                      std::move(layer),
                      revision,
                      std::move(digest),
                      std::move(reason),
                      std::move(hash)};
}

Stored<Foreign> unknown_row(noa::sqlite::Statement& at) {
    auto row = at.row<std::string, std::string, std::optional<std::string>>();
    if (!row) {
        return row.error();
    }
    auto& [name, layer, text] = *row;
    return Foreign{{std::move(name), std::move(layer)}, std::move(text), std::nullopt};
}

// Every row of `sql`, bound to `values`, as `read` makes it.
template <class Row, class... Args>
Stored<std::vector<Row>> all_rows(noa::sqlite::Database& database, const std::string& sql,
                                  Stored<Row> (*read)(noa::sqlite::Statement&),
                                  const Args&... values) {
    auto select = database.prepare(sql);
    auto bound = select ? select->bind(values...) : Stored<>(select.error());
    if (!bound) {
        return bound.error();
    }
    std::vector<Row> rows;
    for (;;) {
        auto more = select->step();
        if (!more) {
            return noa::sqlite::with_advice(more.error());
        }
        if (!*more) {
            return rows;
        }
        auto row = read(*select);
        if (!row) {
            return row.error();
        }
        rows.push_back(*std::move(row));
    }
}

} // namespace

Stored<std::vector<VersionRow>> Store::history(const Key& key, std::int64_t limit) {
    return all_rows(database_,
                    std::string(select_versions) +
                        "WHERE name = ? AND environment = ? ORDER BY version DESC LIMIT ?",
                    version_row, key.name, key.layer, limit);
}

Stored<std::optional<VersionRow>> Store::version(const Key& key, std::int64_t version) {
    auto rows = all_rows(database_,
                         std::string(select_versions) +
                             "WHERE name = ? AND environment = ? AND version = ?",
                         version_row, key.name, key.layer, version);
    if (!rows) {
        return rows.error();
    }
    return rows->empty() ? std::optional<VersionRow>() : std::move(rows->front());
}

Stored<std::vector<VersionRow>> Store::events(Revision since, std::int64_t limit) {
    auto rows = all_rows(
        database_, std::string(select_versions) + "WHERE revision > ? ORDER BY revision LIMIT ?",
        version_row, since, limit);
    if (!rows || rows->empty() || rows->back().last == rows->back().revision) {
        return rows;
    }
    auto rest = all_rows(database_,
                         std::string(select_versions) +
                             "WHERE revision > ? AND revision <= ? ORDER BY revision",
                         version_row, rows->back().revision, rows->back().last);
    if (!rest) {
        return rest;
    }
    std::ranges::move(*rest, std::back_inserter(*rows));
    return rows;
}

Stored<std::vector<VersionRow>> Store::caused_by(const std::string& cause) {
    return all_rows(database_,
                    std::string(select_versions) +
                        "WHERE revision > ? AND cause = ? AND cause <> '' ORDER BY revision",
                    version_row, compacted_, cause);
}

Stored<std::vector<AuditEntry>> Store::audit(const AuditQuery& query) {
    const std::int64_t before = query.before > 0 ? query.before : audit_seq_ + 1;
    return query.name.empty()
               ? all_rows(database_,
                          std::string(select_audit) + "WHERE seq < ? ORDER BY seq DESC LIMIT ?",
                          audit_row, before, query.limit)
               : all_rows(database_,
                          std::string(select_audit) +
                              "WHERE name = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                          audit_row, query.name, before, query.limit);
}

Stored<std::vector<Foreign>> Store::foreign() {
    auto changed = all_rows(
        database_,
        std::string(select_versions) +
            "v WHERE version = (SELECT max(version) FROM config_versions w WHERE w.name = v.name "
            "AND w.environment = v.environment) AND NOT EXISTS (SELECT 1 FROM "
            "agent_configurations c WHERE c.name = v.name AND c.environment = v.environment AND "
            "c.version = v.version AND c.config_data IS v.config_data)",
        version_row);
    auto unknown =
        all_rows(database_,
                 "SELECT name, environment, config_data FROM agent_configurations c WHERE NOT "
                 "EXISTS (SELECT 1 FROM config_versions v WHERE v.name = c.name AND "
                 "v.environment = c.environment)",
                 unknown_row);
    if (!changed || !unknown) {
        return changed ? unknown.error() : changed.error();
    }
    std::vector<Foreign> all = *std::move(unknown);
    auto now = database_.prepare(
        "SELECT config_data FROM agent_configurations WHERE name = ? AND environment = ?");
    if (!now) {
        return now.error();
    }
    for (VersionRow& row : *changed) {
        auto text = now->first<std::optional<std::string>>(row.key.name, row.key.layer);
        if (!text) {
            return text.error();
        }
        Foreign one{row.key, *text ? std::get<0>(**text) : std::nullopt, std::nullopt};
        one.recorded = std::move(row);
        all.push_back(std::move(one));
    }
    return all;
}

Stored<AuditVerdict> Store::verify_audit() {
    auto select = database_.prepare(std::string(select_audit) + "ORDER BY seq");
    if (!select) {
        return select.error();
    }
    AuditVerdict verdict;
    std::string previous;
    for (std::int64_t expected = 0;; ++expected) {
        auto more = select->step();
        if (!more) {
            return noa::sqlite::with_advice(more.error());
        }
        if (!*more) {
            break;
        }
        auto entry = audit_row(*select);
        if (!entry) {
            return entry.error();
        }
        if (verdict.entries++ == 0) {
            verdict.first = expected = entry->seq;
        }
        // What came before the oldest is not here any more: that one is believed.
        const bool anchor = verdict.entries == 1 && entry->seq > 1;
        const bool holds =
            entry->seq == expected && (anchor || entry->hash == chained(previous, *entry));
        if (!holds && verdict.broken_at == 0) {
            verdict.broken_at = expected;
        }
        previous = entry->hash;
        verdict.head = entry->hash;
    }
    if (verdict.broken_at == 0 && verdict.head != audit_hash_) {
        verdict.broken_at = audit_seq_;
    }
    return verdict;
}

} // namespace config
