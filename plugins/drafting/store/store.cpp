#include "store.hpp"

#include "noa/sdk/sqlite_store.hpp"
#include "tables.hpp"

namespace drafting {

namespace {

using noa::sqlite::with_advice;

constexpr std::size_t most_searched = 256U << 10U; // bytes of a text

} // namespace

Stored<Store> Store::open(const std::string& path) {
    auto database = noa::sqlite::open_store(path, migrations);
    if (!database) {
        return database.error();
    }
    Store store(*std::move(database));
    if (auto prepared = store.prepare(); !prepared) {
        return with_advice(prepared.error());
    }
    return store;
}

Stored<> Store::prepare() {
    auto length = noa::sqlite::LogLength::of(database_);
    auto set = database_.execute("PRAGMA cache_size = -8192");
    auto put_row = database_.prepare("INSERT INTO journal VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    if (!length || !set || !put_row) {
        return !length ? Stored<>(length.error()) : !set ? set : Stored<>(put_row.error());
    }
    log_length_.emplace(*std::move(length));
    put_row_.emplace(*std::move(put_row));
    return {};
}

Stored<> Store::commit(const Batch& batch) {
    auto transaction = database_.begin();
    if (!transaction) {
        return with_advice(transaction.error());
    }
    Stored<> outcome;
    for (std::size_t at = 0; outcome && at < batch.rows.size(); ++at) {
        outcome = write(batch.rows[at]);
    }
    for (std::size_t at = 0; outcome && at < batch.steps.size(); ++at) {
        outcome = batch.steps[at](*this);
    }
    outcome = outcome ? transaction->commit() : outcome;
    return outcome ? outcome : Stored<>(with_advice(outcome.error()));
}

Stored<> Store::write(const JournalRow& row) {
    const Packed changes = pack(row.update.changes);
    return done(*put_row_, row.draft, row.version, row.version - 1, row.update.client,
                row.update.author, row.update.at, changes.encoding, bytes_of(changes.bytes));
}

Stored<std::string> Store::used_up(const Draft& draft, const Text& text, const Quotas& quotas) {
    auto count = database_.prepare("SELECT count(*), ifnull(sum(bytes), 0), "
                                   "ifnull(sum(author = ?1), 0) FROM documents");
    auto bound = count ? count->bind(draft.author) : Stored<>(count.error());
    auto step = bound ? count->step() : Stored<bool>(bound.error());
    if (!step) {
        return step.error();
    }
    auto row = count->row<std::int64_t, std::int64_t, std::int64_t>();
    if (!row) {
        return row.error();
    }
    const auto [drafts, bytes, of_author] = *row;
    if (drafts >= quotas.drafts) {
        return std::string("quotas.drafts");
    }
    if (of_author >= quotas.author) {
        return std::string("quotas.author");
    }
    const bool full = bytes + static_cast<std::int64_t>(text.bytes()) > quotas.total;
    return std::string(full ? "quotas.total" : "");
}

Stored<bool> Store::create(const Draft& draft, const std::string& cause, const Text& text,
                           const Quotas& quotas, std::string& ret_refused) {
    bool there = false;
    bool same = false;
    auto looked = each_row(
        database_, "SELECT cause = ? FROM documents WHERE id = ?",
        [&](const noa::sqlite::Statement& row) -> Stored<> {
            auto equal = row.get<bool>(0);
            there = true;
            same = equal && *equal;
            return equal ? Stored<>() : Stored<>(equal.error());
        },
        bytes_of(cause), draft.id);
    if (!looked || there) {
        return looked ? Stored<bool>(same) : Stored<bool>(looked.error());
    }
    auto refused = used_up(draft, text, quotas);
    if (!refused || !refused->empty()) {
        ret_refused = refused ? *refused : "";
        return refused ? Stored<bool>(false) : Stored<bool>(refused.error());
    }
    const std::string body = text.str();
    const Packed packed = pack(body);
    auto put_document = database_.prepare(
        "INSERT INTO documents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?)");
    auto written =
        put_document
            ? done(*put_document, draft.id, bytes_of(cause), draft.title, draft.type, draft.author,
                   or_null(draft.template_id), static_cast<unsigned>(draft.status),
                   or_null(draft.tone), or_null(draft.audience), or_null(draft.metadata),
                   tags_text(draft), collaborators_text(draft), static_cast<unsigned>(draft.others),
                   draft.crlf, or_null(draft.origin), draft.origin_version, draft.merged,
                   draft.words, draft.bytes, draft.created, draft.updated)
            : Stored<>(put_document.error());
    written = written ? done(database_, "INSERT INTO texts(draft, version, body) VALUES(?, 0, ?)",
                             draft.id, body)
                      : written;
    // Packed or not, its first byte tells: zstd's magic number is not UTF-8.
    written = written ? done(database_, "INSERT INTO keyframes VALUES(?, 0, ?)", draft.id,
                             bytes_of(packed.bytes))
                      : written;
    written = written ? put_tags(draft) : written;
    written = written ? put_search(draft.id, draft.title, body) : written;
    return written ? Stored<bool>(true) : Stored<bool>(written.error());
}

Stored<> Store::put(const Draft& draft) {
    auto written =
        done(database_,
             "UPDATE documents SET title = ?, type = ?, status = ?, tone = ?, audience = ?, "
             "metadata = ?, tags = ?, collaborators = ?, others = ?, merged = ?, origin_version = "
             "?, updated = ? "
             "WHERE id = ?",
             draft.title, draft.type, static_cast<unsigned>(draft.status), or_null(draft.tone),
             or_null(draft.audience), or_null(draft.metadata), tags_text(draft),
             collaborators_text(draft), static_cast<unsigned>(draft.others), draft.merged,
             draft.origin_version, draft.updated, draft.id);
    auto body = written ? searched(draft.id) : Stored<std::string>(written.error());
    written = body ? put_search(draft.id, draft.title, *body) : Stored<>(body.error());
    return written ? put_tags(draft) : written;
}

Stored<> Store::put_tags(const Draft& draft) {
    auto written = done(database_, "DELETE FROM tags WHERE draft = ?", draft.id);
    for (std::size_t at = 0; written && at < draft.tags.size(); ++at) {
        written =
            done(database_, "INSERT OR IGNORE INTO tags VALUES(?, ?)", draft.tags[at], draft.id);
    }
    return written;
}

Stored<> Store::put_search(const std::string& id, const std::string& title, std::string_view body) {
    std::size_t size = std::min(body.size(), most_searched);
    while (size < body.size() && size > 0 &&
           (static_cast<unsigned char>(body[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    auto written = unindex(id);
    written =
        written ? done(database_, "INSERT INTO search SELECT key, ?, ? FROM texts WHERE draft = ?",
                       title, body.substr(0, size), id)
                : written;
    return written ? done(database_,
                          "INSERT INTO draft_text(rowid, title, body) SELECT key, title, body FROM "
                          "search WHERE key = (SELECT key FROM texts WHERE draft = ?)",
                          id)
                   : written;
}

Stored<> Store::unindex(const std::string& id) {
    auto written = done(database_,
                        "INSERT INTO draft_text(draft_text, rowid, title, body) SELECT 'delete', "
                        "key, title, body FROM search WHERE key = (SELECT key FROM texts WHERE "
                        "draft = ?)",
                        id);
    return written
               ? done(database_,
                      "DELETE FROM search WHERE key = (SELECT key FROM texts WHERE draft = ?)", id)
               : written;
}

Stored<std::string> Store::searched(const std::string& id) {
    std::string body;
    auto read = each_row(
        database_, "SELECT body FROM search WHERE key = (SELECT key FROM texts WHERE draft = ?)",
        [&body](const noa::sqlite::Statement& row) -> Stored<> {
            auto text = row.get<std::string>(0);
            body = text ? *text : "";
            return text ? Stored<>() : Stored<>(text.error());
        },
        id);
    return read ? Stored<std::string>(std::move(body)) : Stored<std::string>(read.error());
}

Stored<> Store::put(const Checkpoint& checkpoint) {
    const std::string body = checkpoint.text.str();
    auto written = done(database_, "UPDATE texts SET version = ?, body = ? WHERE draft = ?",
                        checkpoint.version, body, checkpoint.id);
    written = written ? done(database_,
                             "UPDATE documents SET words = ?, bytes = ?, updated = ? WHERE id = ?",
                             checkpoint.words, static_cast<std::int64_t>(body.size()),
                             checkpoint.updated, checkpoint.id)
                      : written;
    written = written ? put_search(checkpoint.id, checkpoint.title, body) : written;
    if (written && checkpoint.keyframe) {
        const Packed packed = pack(body);
        written = done(database_, "INSERT OR REPLACE INTO keyframes VALUES(?, ?, ?)", checkpoint.id,
                       checkpoint.version, bytes_of(packed.bytes));
    }
    for (std::size_t at = 0; written && at < checkpoint.comments.size(); ++at) {
        written = put(checkpoint.id, checkpoint.comments[at]);
    }
    return written;
}

Stored<> Store::put(const std::string& draft, const Comment& comment) {
    return done(database_, "INSERT OR REPLACE INTO comments VALUES(?, ?, ?, ?, ?, ?)", draft,
                comment.number, comment.version, static_cast<std::int64_t>(comment.first),
                static_cast<std::int64_t>(comment.last), comment.told);
}

Stored<> Store::put(const std::string& draft, const Revision& revision) {
    return done(database_, "INSERT INTO revisions VALUES(?, ?, ?, ?, ?, ?, ?)", draft,
                revision.number, revision.version, revision.author, revision.at, revision.message,
                revision.told);
}

Stored<> Store::drop(const std::string& id) {
    auto written = unindex(id);
    return written ? done(database_, "DELETE FROM documents WHERE id = ?", id) : written;
}

} // namespace drafting
