// Requests of outside peers that still wait for their answer. [gateway thread]
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "noa/types.h"

namespace noa::bus {

struct OpenRequest {
    noa_id id{}; // the peer's own
    std::int64_t deadline_ns = 0;
    std::uint64_t peer = 0; // its serial
    std::uint32_t peer_index = 0;
};

// Tokens name a slot and its serial, so that a late answer never meets a stranger. Ids are
// chosen by strangers: the table that finds them is keyed.
class Pending {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    explicit Pending(std::size_t limit);

    // A token; or `full`; or `duplicate`, when that peer has a request of that id open.
    static constexpr std::uint64_t full = 0;
    static constexpr std::uint64_t duplicate = std::numeric_limits<std::uint64_t>::max();
    [[nodiscard]] std::uint64_t add(const OpenRequest& request);
    [[nodiscard]] std::optional<OpenRequest> take(std::uint64_t token) noexcept;
    // Takes out what is past its deadline at `now_ns`.
    void take_expired(std::int64_t now_ns, const std::function<void(const OpenRequest&)>& each);
    // Takes out those of which `is_over` is true.
    void take_if(const std::function<bool(const OpenRequest&)>& is_over);
    // No deadline is earlier; may lag behind, never ahead.
    [[nodiscard]] std::int64_t earliest() const noexcept { return count_ == 0 ? never : earliest_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    struct Slot {
        OpenRequest request;
        std::uint32_t serial = 0;
        std::uint32_t next = none; // in its bucket while used, else in the list of free ones
        std::uint32_t hash = 0;
        bool used = false;
    };
    [[nodiscard]] std::uint32_t hash_of(const OpenRequest& request) const noexcept;
    [[nodiscard]] std::uint32_t& bucket_of(std::uint32_t hash) noexcept {
        return buckets_[hash & (buckets_.size() - 1)];
    }
    void grow();
    void release(std::uint32_t index) noexcept;

    const std::size_t limit_;
    const std::uint64_t key_[2];
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> buckets_; // a power of two
    std::uint32_t free_ = none;
    std::size_t count_ = 0;
    std::int64_t earliest_ = never;
};

} // namespace noa::bus
