#include "control/event_ring.hpp"

#include "control/protocol.hpp"

namespace noa::control {

using nlohmann::json;

namespace {

std::string text_of(const json& body, const char* key) {
    const auto found = body.find(key);
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The n-th token of a subject, from 0; the last one has all that follows.
std::string token(const std::string& subject, int n, bool rest = false) {
    std::size_t at = 0;
    for (int i = 0; i < n; ++i) {
        at = subject.find('.', at);
        if (at == std::string::npos) {
            return {};
        }
        ++at;
    }
    return subject.substr(at, rest ? std::string::npos : subject.find('.', at) - at);
}

// Whom it is about: "cache"; of "host.heal.service.db", "service:db".
std::string about(const std::string& subject) {
    auto name = token(subject, 2, true);
    if (constexpr std::string_view prefix = "service."; name.starts_with(prefix)) {
        name[prefix.size() - 1] = ':';
    }
    return name;
}

} // namespace

std::string event_name(const std::string& subject, const json& body) {
    if (auto own = text_of(body, "event"); !own.empty()) {
        return own;
    }
    auto kind = token(subject, 1);
    if (kind == "agent") {
        return "agent." + text_of(body, "action");
    }
    if (kind == "reload") {
        const auto outcome = text_of(body, "outcome");
        return outcome == "open" ? "" : "reload." + outcome;
    }
    return kind;
}

void EventRing::add(const bus::Event& event) {
    if (event.body.size() > max_body) {
        return;
    }
    auto body = parse_json(event.body, event.subject);
    if (!body || !body->is_object()) {
        return;
    }
    auto name = event_name(event.subject, *body);
    if (name.empty()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        events_.push_back({{"id", ++last_id_},
                           {"unix_ns", event.sent_unix_ns},
                           {"event", std::move(name)},
                           {"agent", about(event.subject)},
                           {"subject", event.subject},
                           {"body", std::move(*body)}});
        if (events_.size() > most) {
            events_.pop_front();
        }
    }
    changed_.notify_all();
}

std::vector<json> EventRing::after(std::uint64_t id) const {
    const std::lock_guard lock(mutex_);
    std::vector<json> out;
    for (const auto& event : events_) {
        if (event["id"].get<std::uint64_t>() > id) {
            out.push_back(event);
        }
    }
    return out;
}

void EventRing::wait_newer(std::uint64_t id, const std::function<bool()>& enough) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return last_id_ > id || enough(); });
}

void EventRing::wake() const {
    {
        const std::lock_guard lock(mutex_); // whoever looks does so before or after, not between
    }
    changed_.notify_all();
}

} // namespace noa::control
