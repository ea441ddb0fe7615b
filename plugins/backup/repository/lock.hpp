// Who works on a repository: files in locks/, understood by restic as well.
#pragma once

#include <optional>
#include <string>

#include "repository.hpp"

namespace backup {

struct LockRecord {
    Timestamp time;
    bool exclusive = false;
    Origin origin;
};
[[nodiscard]] noa::sdk::Result<LockRecord> parse_lock(std::string_view json);
[[nodiscard]] std::string lock_json(const LockRecord& record);

// Left by somebody who is gone: older than 30 minutes, or a process of this host that does not
// run.
[[nodiscard]] bool is_stale(const LockRecord& record, const Origin& here, const Timestamp& now);

// Many that read and add at the same time, or one that removes. Released when it dies.
class Lock {
public:
    enum class Kind : std::uint8_t { shared, exclusive };

    // Stale ones are removed. NOA_E_BUSY: another holds one that this cannot be beside.
    [[nodiscard]] static noa::sdk::Result<Lock> acquire(Repository& repository, Kind kind,
                                                        const Origin& origin,
                                                        const Timestamp& now = Timestamp::now());
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&& other) noexcept;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() { release(); }

    // To be called now and then, from one thread: every five minutes it is written anew.
    [[nodiscard]] noa::sdk::Status refresh(const Timestamp& now = Timestamp::now());
    void release() noexcept;

private:
    Lock(Repository& repository, LockRecord record, const Id& id)
        : repository_(&repository), record_(std::move(record)), id_(id) {}

    Repository* repository_ = nullptr; // null: released
    LockRecord record_;
    Id id_;
};

} // namespace backup
