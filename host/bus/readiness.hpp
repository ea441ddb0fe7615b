// Tells lanes which of their descriptors are ready.
//
// One thread for the host, `noa-io`. It starts with the first watch and sleeps in the kernel, so
// that a host whose agents watch nothing has one thread less, and one whose sockets are silent
// does not wake. A watch fires once.
//
// Descriptors may be closed and their numbers used again at any time. A number has one watch, the
// last; what the kernel still tells of an earlier one is known by its serial, and dropped.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "noa/status.h"

namespace noa::bus {

class Readiness {
public:
    static constexpr std::size_t max_watches = 65'536; // of one watcher

    // Whoever watches; drops all its watches before it goes.
    class Watcher {
    public:
        virtual ~Watcher() = default;

    private:
        friend class Readiness;
        // The first of what is ready waits for `next`. [noa-io, with the mutex of Readiness held]
        virtual void has_ready() noexcept = 0;

        // under the mutex of Readiness
        std::size_t watches_ = 0;
        int first_ready_ = none;
        int last_ready_ = none;
    };
    struct Ready {
        std::uint64_t tag = 0;
        std::uint32_t events = 0; // NOA_READY_*
    };

    Readiness() = default;
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;
    ~Readiness() { stop(); }
    void stop(); // joins

    // As noa_listener_host. [any thread]
    [[nodiscard]] noa_status watch(Watcher& watcher, int fd, std::uint32_t events,
                                   std::uint64_t tag);
    [[nodiscard]] noa_status unwatch(Watcher& watcher, int fd);
    // What became ready first and is still watched; its watch ends with that.
    [[nodiscard]] std::optional<Ready> next(Watcher& watcher);
    void drop_all(Watcher& watcher);
    [[nodiscard]] std::size_t watches_of(const Watcher& watcher) const;

private:
    static constexpr int none = -1;
    struct Watch { // of the descriptor that is its index
        Watcher* watcher = nullptr;
        std::uint64_t tag = 0;
        std::uint32_t serial = 0;
        std::uint32_t events = 0; // once ready
        bool ready = false;
        // neighbours in the list of what is ready
        int before = none;
        int after = none;
    };

    // [mutex held]
    [[nodiscard]] Result<void> start();
    [[nodiscard]] Watch* find(const Watcher& watcher, int fd) noexcept;
    void end(int fd) noexcept;
    void append(int fd) noexcept;
    void unlink(int fd) noexcept;
    void fire(std::uint64_t key, std::uint32_t events) noexcept;

    void run();

    mutable std::mutex mutex_;
    // under mutex_
    std::vector<Watch> watches_;
    std::uint32_t last_serial_ = 0;
    bool stopping_ = false;

    // set by start, then constant
    UniqueFd epoll_;
    UniqueFd bell_;
    std::thread thread_;
};

} // namespace noa::bus
