// Documents on the disk. One thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit.hpp"
#include "document.hpp"
#include "limits.hpp"
#include "noa/sdk/sqlite_worker.hpp"

namespace config {

template <class T = void>
using Stored = noa::sqlite::Result<T>;

// A version as it is kept. `text` is empty once the content was dropped.
struct VersionRow {
    Key key;
    std::int64_t version = 0;
    Revision revision = 0;
    std::string kind;
    std::optional<std::string> text; // empty: dropped, or unset
    std::string patch;
    std::string digest;
    std::string updated_at;
    std::string updated_by;
    std::string reason;
    std::string cause;
    Revision first = 0;
    Revision last = 0;
};

// A row of agent_configurations that is not as the newest version was recorded.
struct Foreign {
    Key key;
    std::optional<std::string> found;   // nothing: the row, or its content, is gone
    std::optional<VersionRow> recorded; // nothing: such a document was never recorded
};

struct Loaded {
    Documents documents; // as they were recorded; those that were unset, too
    std::vector<Foreign> foreign;
    Revision revision = 0;
    Revision compacted = 0; // events up to it are gone
};

struct AuditVerdict {
    std::int64_t entries = 0;
    std::int64_t first = 0;     // seq of the oldest that is kept
    std::int64_t broken_at = 0; // seq; 0: the chain holds
    std::string head;           // hash of the newest: compare it with one noted elsewhere
};

struct AuditQuery {
    std::string name;        // empty: all
    std::int64_t before = 0; // seq; 0: from the newest
    std::int64_t limit = 100;
};

class Store {
public:
    // Errors say what to do; nothing is overwritten.
    static Stored<Store> open(const std::string& path, const Limits& limits);

    Stored<Loaded> load();
    // All of it, or nothing. The changes' revisions follow one another and those before.
    // `entries` have no seq and hash yet.
    Stored<> commit(std::span<const Change> changes, std::span<AuditEntry> entries);
    // The newest first.
    Stored<std::vector<VersionRow>> history(const Key& key, std::int64_t limit);
    Stored<std::optional<VersionRow>> version(const Key& key, std::int64_t version);
    // After `since`, oldest first, whole transactions; at most `limit` and a few.
    Stored<std::vector<VersionRow>> events(Revision since, std::int64_t limit);
    // What the message with that id has brought about.
    Stored<std::vector<VersionRow>> caused_by(const std::string& cause);
    // The newest first.
    Stored<std::vector<AuditEntry>> audit(const AuditQuery& query);
    Stored<AuditVerdict> verify_audit();

    // Rows that somebody else changed.
    Stored<std::vector<Foreign>> foreign();
    // As its recorded version, unless there is a newer one; away when there is none.
    Stored<> put_back(const Foreign& foreign);
    // Another number than before: another program has written to the store since.
    Stored<std::int64_t> writes_of_others();
    // What was last written to the file of a document: its digest, empty when never.
    Stored<std::string> digest_of_file(const std::string& name, const std::string& path);
    Stored<> note_file(const std::string& name, const std::string& path, const std::string& digest);

    [[nodiscard]] Revision compacted() const noexcept { return compacted_; }
    void limit(const Limits& limits) noexcept { limits_ = limits; }
    [[nodiscard]] noa::sqlite::Database& database() noexcept { return database_; }
    void close() noexcept { database_.close(); }

private:
    using Statement = noa::sqlite::Statement;
    struct Statements {
        Statement put_document;
        Statement put_version;
        Statement put_audit;
        Statement drop_content;
        Statement contents_of;
        Statement set_state;
    };
    // Of versions that watchers may still ask for.
    struct Kept {
        Revision revision;
        Revision last;
        std::uint64_t bytes;
    };

    Store(noa::sqlite::Database database, const Limits& limits)
        : database_(std::move(database)), limits_(limits) {}
    Stored<> prepare();
    Stored<> count_kept();
    Stored<> write(const Change& change);
    Stored<> write(AuditEntry& entry);
    Stored<> drop_old_versions(const Document& document);
    Stored<> compact();
    Stored<> shorten_audit();

    noa::sqlite::Database database_;
    Limits limits_;
    std::optional<Statements> statements_; // goes before the database
    std::deque<Kept> kept_;                // not compacted, oldest first
    std::uint64_t kept_bytes_ = 0;
    Revision revision_ = 0;
    Revision compacted_ = 0;
    std::int64_t audit_first_ = 1;
    std::int64_t audit_seq_ = 0;
    std::string audit_hash_;
};

} // namespace config
