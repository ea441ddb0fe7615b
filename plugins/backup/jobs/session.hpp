// A repository that is opened, locked and loaded, for one job.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "../bus/settings.hpp"
#include "../repository/local_store.hpp"
#include "../repository/lock.hpp"

namespace backup {

class Session {
public:
    // The password is asked of `settings` and not kept. Made where there is none, if `create`.
    [[nodiscard]] static noa::sdk::Result<std::unique_ptr<Session>>
    open(const RepositorySettings& settings, Lock::Kind kind, bool create = false);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    [[nodiscard]] Repository& repository() const noexcept { return *repository_; }

private:
    Session() = default;
    void keep_locked(const std::stop_token& stop);

    Repository::Ptr repository_;
    std::optional<Lock> lock_; // the keeper's while it runs
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread keeper_; // writes the lock anew
};

// Made, with a key for the password; NOA_E_STATE where one is already.
[[nodiscard]] noa::sdk::Result<Repository::Ptr> make_repository(const RepositorySettings& settings);

// The first line of a file that nobody but its owner may read.
[[nodiscard]] noa::sdk::Result<std::string> read_password(const std::string& path);

} // namespace backup
