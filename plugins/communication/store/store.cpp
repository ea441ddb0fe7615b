#include "store.hpp"

#include <cstdio>
#include <span>

#include "../model/plain_text.hpp"
#include "noa/sdk/sqlite_store.hpp"
#include "rows.hpp"
#include "streams.hpp"
#include "tables.hpp"

namespace communication {

namespace {

using noa::sqlite::with_advice;

constexpr std::size_t most_searched = 64U << 10U; // bytes of a body

// NULL in the place of an empty text, which then takes no room in an index.
std::optional<std::string_view> or_null(const std::string& text) {
    return text.empty() ? std::optional<std::string_view>() : text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

} // namespace

Stored<Store> Store::open(const std::string& path, const StoreLimits& limits) {
    auto database = noa::sqlite::open_store(path, migrations);
    if (!database) {
        return database.error();
    }
    Store store(*std::move(database), limits);
    if (auto prepared = store.prepare(); !prepared) {
        return with_advice(prepared.error());
    }
    return store;
}

Stored<> Store::prepare() {
    auto length = noa::sqlite::LogLength::of(database_);
    auto set = database_.execute("PRAGMA cache_size = -8192");
    auto put_message = database_.prepare("INSERT INTO messages VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                         "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, "
                                         "?, 0, 0, NULL)");
    auto put_body = database_.prepare("INSERT INTO bodies VALUES(?, ?, ?)");
    auto put_text = database_.prepare(
        "INSERT INTO conversation_text(rowid, conversation, text) VALUES(?, ?, ?)");
    auto put_flag = database_.prepare("INSERT INTO flags VALUES(?, ?)");
    auto put_attempt =
        database_.prepare("INSERT OR REPLACE INTO attempts VALUES(?, ?, ?, ?, ?, ?)");
    auto settle = database_.prepare("UPDATE messages SET state = ?, attempts = ?, due_at = ?, "
                                    "settled_at = ?, duration_us = ?, error = ? WHERE seq = ?");
    auto put_group = database_.prepare("INSERT OR REPLACE INTO groups VALUES(?, ?, ?, ?)");
    auto drop_group = database_.prepare("DELETE FROM groups WHERE name = ?");
    if (!length || !set) {
        return !length ? Stored<>(length.error()) : set;
    }
    log_length_.emplace(*std::move(length));
    for (const auto* one : {&put_message, &put_body, &put_text, &put_flag, &put_attempt, &settle,
                            &put_group, &drop_group}) {
        if (!*one) {
            return one->error();
        }
    }
    statements_.emplace(Statements{*std::move(put_message), *std::move(put_body),
                                   *std::move(put_text), *std::move(put_flag),
                                   *std::move(put_attempt), *std::move(settle),
                                   *std::move(put_group), *std::move(drop_group)});
    return {};
}

Stored<> Store::commit(const Batch& batch) {
    auto transaction = database_.begin();
    if (!transaction) {
        return with_advice(transaction.error());
    }
    Stored<> outcome = write_all(batch);
    outcome = outcome ? transaction->commit() : outcome;
    return outcome ? outcome : Stored<>(with_advice(outcome.error()));
}

Stored<> Store::write_all(const Batch& batch) {
    Stored<> outcome;
    for (std::size_t at = 0; outcome && at < batch.accepted.size(); ++at) {
        outcome = write(*batch.accepted[at], batch.causes[at]);
    }
    for (std::size_t at = 0; outcome && at < batch.accepted.size(); ++at) {
        outcome = write_body(*batch.accepted[at]);
    }
    for (std::size_t at = 0; outcome && at < batch.attempts.size(); ++at) {
        const Attempt& one = batch.attempts[at];
        outcome = done(statements_->put_attempt, one.seq, one.number, one.at, one.duration_us,
                       one.status, one.text);
    }
    for (std::size_t at = 0; outcome && at < batch.settlements.size(); ++at) {
        outcome = write(batch.settlements[at]);
    }
    for (std::size_t at = 0; outcome && at < batch.groups.size(); ++at) {
        outcome = write(batch.groups[at]);
    }
    Streams streams(database_, limits_, stream_statements_);
    for (std::size_t at = 0; outcome && at < batch.steps.size(); ++at) {
        outcome = batch.steps[at](streams);
    }
    return outcome;
}

Stored<> Store::write(const Message& message, const std::string& cause) {
    const Terms& terms = message.terms;
    return done(statements_->put_message, message.seq, or_null(terms.id), bytes_of(cause),
                terms.sender, terms.recipient, static_cast<unsigned>(terms.kind), terms.operation,
                or_null(terms.conversation), static_cast<unsigned>(terms.priority), terms.ordered,
                terms.envelope, terms.hops, terms.attempts, terms.timeout_ms,
                or_null(terms.content_type), or_null(terms.traceparent), or_null(terms.metadata),
                message.created, terms.deadline, terms.due);
}

Stored<> Store::write_body(const Message& message) {
    const Terms& terms = message.terms;
    if (!terms.conversation.empty()) {
        const std::string text = plain_text(message.body, terms.content_type, most_searched);
        auto put = text.empty()
                       ? Stored<>()
                       : done(statements_->put_text, message.seq, terms.conversation, text);
        if (!put) {
            return put;
        }
    }
    for (std::size_t at = 0; at < terms.flags.size();) {
        const std::size_t end = std::min(terms.flags.find(',', at), terms.flags.size());
        auto put = done(statements_->put_flag, message.seq, terms.flags.substr(at, end - at));
        if (!put) {
            return put;
        }
        at = end + 1;
    }
    if (message.body.size() > limits_.compress_above && pack(message.body, packed_)) {
        return done(statements_->put_body, message.seq, 1, bytes_of(packed_));
    }
    return done(statements_->put_body, message.seq, 0, bytes_of(message.body));
}

Stored<> Store::write(const Settlement& settlement) {
    const Millis settled = is_open(settlement.state) ? 0 : settlement.at;
    return done(statements_->settle, static_cast<unsigned>(settlement.state), settlement.made,
                settlement.due, settled, settlement.duration_us, or_null(settlement.error),
                settlement.seq);
}

Stored<> Store::write(const GroupEdit& edit) {
    return edit.members.empty()
               ? done(statements_->drop_group, edit.name)
               : done(statements_->put_group, edit.name, edit.members, edit.at, edit.author);
}

std::optional<std::string> put_aside(const std::string& path, Millis now) {
    const std::string aside = path + ".damaged-" + std::to_string(now);
    if (std::rename(path.c_str(), aside.c_str()) != 0) {
        return std::nullopt;
    }
    // The log belongs to it, and must not be taken for one of the new file.
    static_cast<void>(std::rename((path + "-wal").c_str(), (aside + "-wal").c_str()));
    static_cast<void>(std::remove((path + "-shm").c_str()));
    return aside;
}

} // namespace communication
