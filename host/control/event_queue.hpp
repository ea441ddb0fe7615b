// Items of a stream on their way from the threads that make them to the one that writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::control {

// Bounded: when its reader is slow the oldest items go, and the reader is told how many.
class EventQueue {
public:
    struct Limits {
        std::size_t items = 1024;
        std::size_t bytes = std::size_t{32} * 1024 * 1024;
    };
    // What pop() took: `lost` items were dropped before the first of `items`.
    struct Batch {
        std::uint64_t lost = 0;
        std::vector<nlohmann::json> items;
        bool closed = false; // nothing follows
    };

    [[nodiscard]] static Result<EventQueue> open(Limits limits);
    [[nodiscard]] static Result<EventQueue> open() { return open(Limits{}); }
    EventQueue(EventQueue&& other) noexcept; // only before it is shared between threads

    // `bytes`: about what the item holds in memory. Never blocks for long.  [any thread]
    void push(nlohmann::json item, std::size_t bytes);
    // The stream is over after what is queued.  [any thread]
    void close();

    // Readable while pop() has something to give.
    [[nodiscard]] int fd() const noexcept { return ready_.get(); }
    // Everything that is queued; empty when nothing is.
    [[nodiscard]] Batch pop();

private:
    struct Item {
        nlohmann::json value;
        std::size_t bytes = 0;
    };
    EventQueue(Limits limits, UniqueFd ready) noexcept;
    void signal() const;

    Limits limits_;
    UniqueFd ready_; // eventfd

    std::mutex mutex_; // guards what follows
    std::deque<Item> items_;
    std::size_t bytes_ = 0;
    std::uint64_t lost_ = 0;
    bool closed_ = false;
};

} // namespace noa::control
