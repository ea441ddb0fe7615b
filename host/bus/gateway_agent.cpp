#include "bus/gateway_agent.hpp"

#include <cstring>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "bus/gateway_peers.hpp"

namespace noa::bus {

namespace {

std::string hex(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
    return out;
}

} // namespace

void Forwards::push(const Forward& forward) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = waiting_.empty();
        waiting_.push_back(forward);
    }
    if (first) {
        inbox_.nudge();
    }
}

std::vector<Forward> Forwards::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

std::size_t OutsideAgent::ById::operator()(const noa_id& id) const noexcept {
    std::uint64_t half = 0;
    std::memcpy(&half, id.bytes + 8, sizeof half);
    return half;
}

bool OutsideAgent::ById::operator()(const noa_id& a, const noa_id& b) const noexcept {
    return std::memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

Result<std::unique_ptr<OutsideAgent>>
OutsideAgent::open(Bus& bus, Endpoint& endpoint, Forwards& forwards, std::uint32_t max_deliveries) {
    if (auto opened = bus.open_inbox(endpoint); !opened) {
        return Failure(opened.error());
    }
    std::unique_ptr<OutsideAgent> agent(new OutsideAgent(bus, endpoint, forwards));
    agent->options_.max_deliveries = max_deliveries;
    agent->options_.concurrency = 1;
    auto lane = Lane::open(bus, endpoint, agent->options_, "noa-" + endpoint.name());
    if (!lane) {
        return Failure(lane.error());
    }
    agent->lane_ = std::move(*lane);
    return agent;
}

OutsideAgent::~OutsideAgent() {
    if (lane_) {
        lane_->join();
    }
}

void OutsideAgent::begin(Peer& peer, std::uint32_t credit, std::int64_t lease_ns) {
    peer_ = &peer;
    {
        const std::lock_guard lock(about_mutex_);
        peer_text_ = hex(peer.routing_id);
    }
    set_terms(credit, lease_ns);
    served_ = true;
    endpoint_.inbox().set_state(Inbox::State::open);
    lane_->post([this, service = ++service_] {
        lane_service_ = service;
        lane_->attach(*this);
    });
}

void OutsideAgent::set_terms(std::uint32_t credit, std::int64_t lease_ns) {
    {
        const std::lock_guard lock(about_mutex_);
        lease_ns_ = lease_ns;
    }
    if (credit == credit_) {
        return;
    }
    credit_ = credit;
    shown_credit_ = credit;
    options_.concurrency = credit;
    lane_->post([this, options = options_] { lane_->retune(options); });
}

void OutsideAgent::depart(std::int64_t keep_until_ns) {
    peer_ = nullptr;
    served_ = false;
    keep_until_ns_ = keep_until_ns;
    endpoint_.inbox().set_state(Inbox::State::stopped);
    ++service_;
    for (const auto& forward : waiting_) {
        static_cast<void>(lane_->release(*forward.kept));
    }
    waiting_.clear();
    with_peer_.clear();
    shown_open_ = 0;
    // Perhaps one of them was what it died of.
    lane_->post([this] { lane_->detach(Revoked::by_loss); });
}

void OutsideAgent::finish() {
    finishing_ = true;
    lane_->post([this] {
        lane_->abandon();
        forwards_.push({this, 0, 0, nullptr});
    });
}

// [lane] Kept by reference: a large body is not copied while it waits for credit.
noa_status OutsideAgent::handle(const noa_message& message, noa_delivery delivery,
                                noa_error& /*error*/) noexcept {
    const noa_message* kept = nullptr;
    if (const auto status = lane_->retain(message, &kept); status != NOA_OK) {
        return status;
    }
    forwards_.push({this, lane_service_, delivery, kept});
    return NOA_DEFERRED;
}

bool OutsideAgent::take(const Forward& forward) {
    if (forward.service != service_) {
        static_cast<void>(lane_->release(*forward.kept));
        return false;
    }
    waiting_.push_back(forward);
    return true;
}

const noa_message* OutsideAgent::next() const noexcept {
    return waiting_.empty() || with_peer_.size() >= credit_ ? nullptr : waiting_.front().kept;
}

void OutsideAgent::sent() {
    const auto forward = waiting_.front();
    waiting_.pop_front();
    with_peer_.insert_or_assign(
        forward.kept->id,
        WithPeer{forward.delivery, static_cast<std::uint16_t>(forward.kept->hops)});
    shown_open_ = static_cast<std::uint32_t>(with_peer_.size());
    delivered_.fetch_add(1, std::memory_order_relaxed);
    static_cast<void>(lane_->release(*forward.kept));
}

void OutsideAgent::expire_next() {
    const auto forward = waiting_.front();
    waiting_.pop_front();
    static_cast<void>(lane_->settle(forward.delivery, NOA_E_EXPIRED, {}, 0));
    static_cast<void>(lane_->release(*forward.kept));
}

std::optional<std::uint16_t> OutsideAgent::hops_of(const noa_id& id) const {
    const auto found = with_peer_.find(id);
    return found == with_peer_.end() ? std::nullopt : std::optional(found->second.hops);
}

noa_status OutsideAgent::end_delivery(const noa_id& id,
                                      const std::function<noa_status(noa_delivery)>& how) {
    const auto found = with_peer_.find(id);
    if (found == with_peer_.end()) {
        return NOA_E_RETIRED;
    }
    const auto status = how(found->second.delivery);
    if (status == NOA_OK || status == NOA_E_RETIRED) {
        with_peer_.erase(found);
        shown_open_ = static_cast<std::uint32_t>(with_peer_.size());
    }
    return status;
}

noa_status OutsideAgent::reply(const noa_id& id, const noa_outgoing& message) {
    return end_delivery(id, [&](noa_delivery delivery) { return lane_->reply(delivery, message); });
}

noa_status OutsideAgent::settle(const noa_id& id, noa_status status, std::string_view text,
                                std::uint32_t retry_after_ms) {
    return end_delivery(id, [&](noa_delivery delivery) {
        return lane_->settle(delivery, status, text, retry_after_ms);
    });
}

// NOLINTNEXTLINE(bugprone-exception-escape): JSON of known types throws nothing
Result<std::string> OutsideAgent::inspect(std::string_view operation) noexcept {
    nlohmann::json about{{"outside", true}};
    {
        const std::lock_guard lock(about_mutex_);
        about["peer"] = peer_text_;
        about["lease_ms"] = lease_ns_ / ns_per_ms;
    }
    if (operation == "health") {
        about["status"] = "healthy"; // else its lease would have run out
        about["checks"] = nlohmann::json::array();
    } else if (operation == "metrics") {
        const auto& counters = endpoint_.inbox().counters();
        about["credit"] = shown_credit_.load();
        about["open"] = shown_open_.load();
        about["delivered"] = delivered_.load();
        about["handled"] = counters.handled_deferred.load();
        about["failed"] = counters.failed_deferred.load();
        about["redelivered"] = counters.redelivered.get();
    } else {
        about["capabilities"] = nlohmann::json::array();
        about["operations"] = nlohmann::json::object();
    }
    return about.dump();
}

} // namespace noa::bus
