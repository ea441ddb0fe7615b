#include "settings.hpp"

namespace cache {

noa::Status Settings::check() const {
    constexpr std::uint64_t most = most_region_bytes / 2;
    if (max_memory.bytes < least_store_bytes || max_memory.bytes > most) {
        return noa::invalid("/max_memory: must be 1MiB to 8GiB");
    }
    const auto seconds = [](noa::Duration duration) {
        return std::chrono::duration<double>(duration).count();
    };
    if (default_ttl && (seconds(*default_ttl) < 0.001 || seconds(*default_ttl) > longest_ttl_s)) {
        return noa::invalid("/default_ttl: must be 1ms to ten years");
    }
    if (lease < std::chrono::milliseconds(1) || lease > std::chrono::hours(24)) {
        return noa::invalid("/lease: must be 1ms to a day");
    }
    if (snapshot_every &&
        (*snapshot_every < std::chrono::seconds(1) || *snapshot_every > std::chrono::hours(168))) {
        return noa::invalid("/snapshot_every: must be 1s to 7d");
    }
    if (!tier.empty()) {
        if (const auto address = tier::parse_address(tier); !address) {
            return address.error();
        }
    }
    if (tier_timeout < std::chrono::milliseconds(1) || tier_timeout > std::chrono::minutes(1)) {
        return noa::invalid("/tier_timeout: must be 1ms to 1min");
    }
    if (tier_local_ttl < std::chrono::milliseconds(100) ||
        tier_local_ttl > std::chrono::hours(24)) {
        return noa::invalid("/tier_local_ttl: must be 100ms to a day");
    }
    if (output_limit.bytes < (1U << 20U) || output_limit.bytes > (256U << 20U)) {
        return noa::invalid("/output_limit: must be 1MiB to 256MiB");
    }
    for (const auto& [name, quota] : namespaces) {
        if (name.empty() || name.size() > longest_space_name) {
            return noa::invalid("/namespaces: a name has 1 to 40 bytes");
        }
        if (quota.bytes < 4096) {
            return noa::invalid("/namespaces/" + name + ": must be 4KiB or more");
        }
    }
    return {};
}

} // namespace cache
