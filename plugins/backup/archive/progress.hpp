// How far something has come, for who looks on.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "noa/sdk/result.hpp"

namespace backup {

struct Fault {
    std::string what; // a path, a blob
    std::string why;
};

// Written by those at work, read by any thread.
class Progress {
public:
    static constexpr std::size_t most_faults = 1000; // kept; all are counted

    std::atomic<std::uint64_t> files{0}; // done
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> all_files{0}; // as far as is known
    std::atomic<std::uint64_t> all_bytes{0};
    std::atomic<std::uint64_t> faults{0};

    void fault(std::string what, std::string why) {
        faults += 1;
        const std::lock_guard lock(mutex_);
        if (kept_.size() < most_faults) {
            kept_.push_back({std::move(what), std::move(why)});
        }
    }
    [[nodiscard]] std::vector<Fault> kept_faults() const {
        const std::lock_guard lock(mutex_);
        return kept_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Fault> kept_; // guarded by mutex_
};

[[nodiscard]] inline noa::sdk::Error interrupted() {
    return {NOA_E_EXPIRED, "interrupted"};
}

} // namespace backup
