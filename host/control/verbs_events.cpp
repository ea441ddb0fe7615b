#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "base/names.hpp"
#include "control/event_ring.hpp"
#include "control/host_verbs.hpp"

namespace noa::control {

namespace {

using nlohmann::json;

constexpr std::int64_t max_events = EventRing::most;
constexpr std::size_t bytes_of_one = 2048;

// The ring and what fills it. Owner: the verb.
struct Source {
    EventRing ring;
    std::unique_ptr<bus::Subscription> subscription; // last: nothing comes once it has gone
};

bool concerns(const json& event, const std::string& agent) {
    return agent.empty() || event["agent"] == agent;
}

// Moves new events into the queue until `stop`; what the ring lost first is a gap there.
void follow(const EventRing& ring, std::uint64_t last, const std::string& agent, EventQueue& queue,
            const std::atomic<bool>& stop) {
    while (!stop) {
        ring.wait_newer(last, [&stop] { return stop.load(); });
        for (auto& event : ring.after(last)) {
            const auto id = event["id"].get<std::uint64_t>();
            if (id > last + 1) {
                queue.push({{"gap", id - last - 1}}, 64);
            }
            last = id;
            if (concerns(event, agent)) {
                queue.push(std::move(event), bytes_of_one);
            }
        }
    }
}

Result<json> events(const EventRing& ring, const json& args, Connection& client) {
    Args in("events", args);
    const auto count = static_cast<std::size_t>(in.number("lines", 50, 0, max_events));
    const bool following = in.flag("follow");
    const auto agent =
        in.optional_text("agent", NOA_AGENT_NAME_MAX + service_prefix.size()).value_or("");
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    auto queue = EventQueue::open();
    if (!queue) {
        return Failure(std::move(queue.error()));
    }
    auto known = ring.after(0);
    const auto last = known.empty() ? 0 : known.back()["id"].get<std::uint64_t>();
    std::erase_if(known, [&](const json& event) { return !concerns(event, agent); });
    for (auto i = known.size() - std::min(known.size(), count); i < known.size(); ++i) {
        queue->push(std::move(known[i]), bytes_of_one);
    }
    if (!following) {
        queue->close();
        client.stream(*queue);
        return json::object();
    }
    std::atomic<bool> stop = false;
    std::jthread follower([&] { follow(ring, last, agent, *queue, stop); });
    client.stream(*queue);
    stop = true;
    ring.wake();
    follower.join();
    return json::object();
}

} // namespace

void add_event_verbs(Verbs& verbs, bus::Caller& caller) {
    const auto source = std::make_shared<Source>(); // owner: the handler, once copied
    auto subscription = caller.subscribe("host.>", [ring = &source->ring](const bus::Event& event) {
        ring->add(event);
        return true;
    });
    if (subscription) { // else there are none to show, which is what it shows
        source->subscription = std::move(*subscription);
    }
    verbs.add("events", Right::read, [source](const json& args, Connection& client) {
        return events(source->ring, args, client);
    });
}

} // namespace noa::control
