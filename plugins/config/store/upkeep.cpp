// What the store drops, so that it stays within its limits.
#include <algorithm>
#include <utility>

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

} // namespace config
