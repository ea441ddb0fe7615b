// The newest events of the host itself: what it published on host.>, with stable names.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bus/caller.hpp"

namespace noa::control {

// [any thread]
class EventRing {
public:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t max_body = std::size_t{16} * 1024; // a larger one is left out

    // {"id","unix_ns","event","agent","subject","body"}, oldest first: those after `id`.
    [[nodiscard]] std::vector<nlohmann::json> after(std::uint64_t id) const;
    // Returns when there are newer ones than `id`, or `enough` holds and wake() was called.
    void wait_newer(std::uint64_t id, const std::function<bool()>& enough) const;
    void wake() const;

    void add(const bus::Event& event);

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    // under mutex_
    std::deque<nlohmann::json> events_;
    std::uint64_t last_id_ = 0;
};

// What kind of event: its own word, else made from its subject: "agent.started", "dead_letter".
// Empty for what is no news: the steps of a reload before its end.
[[nodiscard]] std::string event_name(const std::string& subject, const nlohmann::json& body);

} // namespace noa::control
