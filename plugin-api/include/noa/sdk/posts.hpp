// The way back to the lane from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "noa/sdk/function.hpp"
#include "noa/sdk/host.hpp"

namespace noa::sdk {

// Tags of noa_host.wake as the SDK uses them.
inline constexpr std::uint64_t posts_wake = 0;
inline constexpr std::uint64_t tasks_wake = 1;

class Posts {
public:
    explicit Posts(const Host& host) : host_(&host) {}

    // Has `run` called on the lane, soon. NOA_E_BUSY when too many wait already.  [any]
    Status post(Function<void()> run) {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= limit) {
            return busy("more than 65536 functions wait for the lane");
        }
        if (waiting_.empty()) {
            if (const noa_status status = host_->table().wake(host_->context(), posts_wake);
                status != NOA_OK) {
                return to_status(status, "wake the lane");
            }
        }
        waiting_.push_back(std::move(run));
        return {};
    }

    // What was posted until now, in order.  [lane]
    [[nodiscard]] std::vector<Function<void()>> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(waiting_, {});
    }

private:
    static constexpr std::size_t limit = 65'536;

    const Host* host_;
    std::mutex mutex_;
    std::vector<Function<void()>> waiting_; // guarded by mutex_; not empty: a wake is under way
};

} // namespace noa::sdk
