#include "bus/gateway_exchange.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"

namespace noa::bus {

namespace {

constexpr int messages_per_drain = 256;
constexpr std::size_t bytes_per_drain = 1U << 20U;
constexpr std::int64_t between_expiries_ns = 50'000'000;
constexpr std::int64_t between_rooms_ns = 1'000'000'000; // when little came of it
constexpr std::size_t worthwhile_part = 8;
constexpr std::int64_t never = PeerTable::never;
// Alarms are rounded up: deadlines come from strangers, and each earlier one moves the alarm.
constexpr std::int64_t alarm_grain_ns = 50'000'000;

} // namespace

Exchange::Exchange(Bus& bus, GatewayOptions options, GatewayCounters& counters)
    : bus_(bus), options_(std::move(options)), counters_(counters), peers_(options_.max_peers),
      pending_(options_.max_requests), held_(options_.max_bytes_in) {}

Result<void> Exchange::open() {
    self_ = bus_.routes().resolve("outside");
    if (self_ == nullptr) {
        return fail(Errc::busy, "open gateway", "outside", "the table of agent names is full");
    }
    if (auto opened = bus_.open_inbox(*self_); !opened) {
        return opened;
    }
    inbox_ = &self_->inbox();
    forwards_ = std::make_unique<Forwards>(*inbox_);
    const RouterLimits limits{bus_.options().max_message, options_.max_queued_per_peer,
                              options_.max_bytes_per_peer, options_.max_connections};
    if (auto opened = router_.open(bus_.context(), options_.runtime_dir + "/bus.sock",
                                   options_.endpoints, limits, counters_);
        !opened) {
        return opened;
    }
    inbox_->set_state(Inbox::State::open);
    return {};
}

void Exchange::request_stop() {
    stopping_.store(true, std::memory_order_relaxed);
    inbox_->nudge();
}

bool Exchange::serves(std::string_view name) const {
    const std::lock_guard lock(names_mutex_);
    return names_.contains(name);
}

void Exchange::run() {
    while (!stopping_.load(std::memory_order_relaxed)) {
        now_ns_ = options_.clock ? options_.clock() : monotonic_ns();
        now_unix_ns_ = coarse_unix_ns();
        if (next_due() <= now_ns_) {
            look_around();
        }
        if (more_inside_ || inbox_->has_news()) {
            router_.disarm_inbox();
            more_inside_ = drain_inbox();
        }
        const bool more_outside = drain_router();
        end_turn();
        router_.watch_door();
        if (!more_inside_ && !more_outside && !inbox_->has_news()) {
            sleep();
        }
    }
    shut_down();
}

bool Exchange::drain_inbox() {
    if (inbox_->take_nudge()) {
        take_forwards();
    }
    std::uint64_t settled = 0;
    bool more = true;
    for (int i = 0; i < messages_per_drain && more; ++i) {
        Item item;
        more = inbox_->next_urgent(item) || inbox_->next(item);
        if (more) {
            settled += item.control || item.record->is_answer() ? 0 : 1;
            take(item);
        }
    }
    if (settled != 0) {
        inbox_->settled(settled);
    }
    return more;
}

bool Exchange::drain_router() {
    std::size_t bytes = 0;
    for (int i = 0; i < messages_per_drain && bytes < bytes_per_drain; ++i) {
        if (!router_.receive()) {
            return false;
        }
        bytes += router_.first().size() + router_.second().size();
        if (options_.clock) {
            now_ns_ = options_.clock(); // a test's step in time is seen at once
        }
        incoming();
    }
    return true;
}

std::int64_t Exchange::next_due() const {
    const auto expiry = pending_.earliest();
    auto due = expiry == never ? never : std::max(expiry, expired_at_ns_ + between_expiries_ns);
    due = std::min({due, peers_.earliest(), held_.due(), agents_due_ns_});
    return due;
}

void Exchange::look_around() {
    expire_requests();
    for (Peer* peer : peers_.silent(now_ns_)) {
        counters_.leases_expired.add();
        leave(*peer);
    }
    if (agents_due_ns_ <= now_ns_) {
        agents_due_ns_ = never;
        for (auto& [name, agent] : agents_) {
            if (agent->peer() != nullptr || agent->finishing()) {
                continue;
            }
            if (agent->keep_until_ns() <= now_ns_) {
                agent->finish();
            } else {
                agents_due_ns_ = std::min(agents_due_ns_, agent->keep_until_ns());
            }
        }
    }
    if (held_.due() <= now_ns_) {
        held_.sweep(now_ns_);
    }
}

// Looked through at most every 50 ms, however many different deadlines there are.
void Exchange::expire_requests() {
    if (pending_.earliest() > now_ns_ || now_ns_ < expired_at_ns_ + between_expiries_ns) {
        return;
    }
    expired_at_ns_ = now_ns_;
    pending_.take_expired(now_ns_, [this](const OpenRequest& request) {
        Peer* peer = peers_.at(request.peer_index, request.peer);
        if (peer == nullptr) {
            return;
        }
        --peer->open_requests;
        counters_.expired.add();
        tell_error(*peer, request.id, {NOA_E_EXPIRED, status_text(NOA_E_EXPIRED)});
    });
}

// The table of peers, or that of open requests, is full. Programs that went without their
// answers tell nobody: the socket knows of those whose connection has ended; of the others
// those go that were silent as long as a lease, the longest first. None with a lease.
bool Exchange::make_room(const Peer* needed) {
    if (now_ns_ < room_due_ns_) {
        return false;
    }
    const auto peers_before = peers_.count();
    const auto requests_before = pending_.count();
    auto peers = peers_.waiting();
    std::erase(peers, needed);
    if (!drop_unreachable(peers)) {
        drop_silent(peers);
    }
    pending_.take_if([this](const OpenRequest& request) {
        return peers_.at(request.peer_index, request.peer) == nullptr;
    });
    const auto peers_made = peers_before - peers_.count();
    const auto requests_made = requests_before - pending_.count();
    if (peers_made < peers_before / worthwhile_part &&
        requests_made < requests_before / worthwhile_part) {
        room_due_ns_ = now_ns_ + between_rooms_ns;
    }
    return peers_made != 0 || requests_made != 0;
}

// In the middle of a turn: nothing may remember it.
void Exchange::forget(Peer& peer) {
    std::erase(leaving_, &peer);
    peers_.drop(peer);
}

// The handshake of the moment: a pong that nobody asked for.
bool Exchange::drop_unreachable(const std::vector<Peer*>& peers) {
    bool dropped = false;
    for (Peer* peer : peers) {
        wire::Message pong;
        pong.kind = static_cast<std::uint8_t>(wire::Kind::pong);
        pong.id = make_id();
        pong.status = NOA_E_NOT_FOUND;
        if (router_.send(*peer, pong) == Sent::gone) {
            counters_.unreachable.add();
            forget(*peer);
            dropped = true;
        }
    }
    return dropped;
}

void Exchange::drop_silent(const std::vector<Peer*>& peers) {
    const auto silent_since = now_ns_ - options_.lease_ns;
    std::vector<Peer*> silent;
    for (Peer* peer : peers) {
        if (peer->heard_ns <= silent_since && silent.size() * 4 <= peers.size()) {
            peer->evicted = true;
            silent.push_back(peer);
        }
    }
    if (silent.empty()) {
        return;
    }
    pending_.take_if([this](const OpenRequest& request) {
        Peer* peer = peers_.at(request.peer_index, request.peer);
        if (peer == nullptr || !peer->evicted) {
            return false;
        }
        tell_error(*peer, request.id,
                   {NOA_E_UNAVAILABLE, "silent for too long while others needed the place"});
        return true;
    });
    for (Peer* peer : silent) {
        counters_.evicted.add();
        forget(*peer);
    }
}

void Exchange::end_turn() {
    for (Peer* peer : leaving_) {
        if (peer->serial == 0) {
            continue; // was in the list twice
        }
        leave(*peer);
        peer->overflowed = false;
        if (peer->gone) {
            peers_.drop(*peer);
        }
    }
    leaving_.clear();
    show_gauges();
}

void Exchange::show_gauges() noexcept {
    const auto show = [](std::atomic<std::uint64_t>& gauge, std::size_t value) {
        gauge.store(value, std::memory_order_relaxed);
    };
    show(counters_.peers, peers_.count());
    show(counters_.open_requests, pending_.count());
    show(counters_.agents, agents_.size());
    show(counters_.bytes_in, held_.bytes());
}

void Exchange::sleep() {
    if (const auto due = next_due(); due != never) {
        const auto at = options_.clock ? monotonic_ns() + (due - now_ns_) : due;
        bus_.alarm().set(*inbox_, (at / alarm_grain_ns + 1) * alarm_grain_ns);
    }
    router_.sleep(*inbox_);
}

void Exchange::shut_down() {
    inbox_->set_state(Inbox::State::absent);
    for (auto& [name, agent] : agents_) {
        if (Peer* peer = agent->peer()) {
            leave(*peer);
        }
        if (!agent->finishing()) {
            agent->finish();
        }
    }
    for (auto& [name, agent] : agents_) {
        auto& inbox = agent->endpoint().inbox();
        agent.reset(); // after what finish posted
        inbox.set_state(Inbox::State::absent);
    }
    agents_.clear();
    static_cast<void>(forwards_->take());
    while (!patterns_.empty()) {
        leave(*patterns_.begin()->second.front());
    }
    router_.close();
}

} // namespace noa::bus
