#include "bus/gateway_pending.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/ids.hpp"

namespace noa::bus {

namespace {

// Both halves of a 128-bit product: strangers who do not know the key cannot steer it.
__extension__ using Wide = unsigned __int128;
std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

} // namespace

Pending::Pending(std::size_t limit)
    : limit_(limit), key_{random_u64() | 1U,
                          fold(random_u64() ^ 0x9e3779b97f4a7c15ULL, 0xd6e8feb86659fd93ULL)},
      buckets_(std::bit_ceil(std::min<std::size_t>(limit, 1024)), none) {}

std::uint32_t Pending::hash_of(const OpenRequest& request) const noexcept {
    std::uint64_t halves[2] = {};
    std::memcpy(halves, request.id.bytes, sizeof request.id.bytes);
    const auto mixed = fold(halves[0] ^ key_[0], halves[1] ^ key_[1]);
    return static_cast<std::uint32_t>(fold(mixed ^ request.peer, key_[0]));
}

std::uint64_t Pending::add(const OpenRequest& request) {
    if (count_ >= limit_) {
        return full;
    }
    const auto hash = hash_of(request);
    for (auto index = bucket_of(hash); index != none; index = slots_[index].next) {
        const auto& other = slots_[index].request;
        if (other.peer == request.peer &&
            std::memcmp(other.id.bytes, request.id.bytes, sizeof request.id.bytes) == 0) {
            return duplicate;
        }
    }
    if (free_ == none) {
        free_ = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    }
    const auto index = free_;
    auto& slot = slots_[index];
    free_ = slot.next;
    slot.request = request;
    slot.hash = hash;
    slot.used = true;
    ++slot.serial;
    slot.next = std::exchange(bucket_of(hash), index);
    earliest_ = count_ == 0 ? request.deadline_ns : std::min(earliest_, request.deadline_ns);
    if (++count_ > buckets_.size()) {
        grow();
    }
    return (std::uint64_t{slot.serial} << 32U) | (index + 1U);
}

// Twice the buckets; everybody moves.
void Pending::grow() {
    buckets_.assign(buckets_.size() * 2, none);
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        auto& slot = slots_[index];
        if (slot.used) {
            slot.next = std::exchange(bucket_of(slot.hash), index);
        }
    }
}

std::optional<OpenRequest> Pending::take(std::uint64_t token) noexcept {
    const auto index = static_cast<std::uint32_t>(token) - 1U;
    if (index >= slots_.size() || !slots_[index].used ||
        slots_[index].serial != static_cast<std::uint32_t>(token >> 32U)) {
        return std::nullopt;
    }
    const OpenRequest request = slots_[index].request;
    release(index);
    return request;
}

void Pending::release(std::uint32_t index) noexcept {
    auto& slot = slots_[index];
    auto* link = &bucket_of(slot.hash);
    while (*link != index) {
        link = &slots_[*link].next;
    }
    *link = slot.next;
    slot.used = false;
    slot.next = free_;
    free_ = index;
    --count_;
}

void Pending::take_expired(std::int64_t now_ns,
                           const std::function<void(const OpenRequest&)>& each) {
    if (count_ == 0 || earliest_ > now_ns) {
        return;
    }
    take_if([&](const OpenRequest& request) {
        const bool over = request.deadline_ns <= now_ns;
        if (over) {
            each(request);
        }
        return over;
    });
}

void Pending::take_if(const std::function<bool(const OpenRequest&)>& is_over) {
    earliest_ = never;
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        const auto& slot = slots_[index];
        if (slot.used && is_over(slot.request)) {
            release(index);
        } else if (slot.used) {
            earliest_ = std::min(earliest_, slot.request.deadline_ns);
        }
    }
}

} // namespace noa::bus
