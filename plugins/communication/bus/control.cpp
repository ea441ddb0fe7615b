// Recipients as operators see them: queues, breakers, groups.
#include <algorithm>
#include <array>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

using noa::Json;

constexpr std::size_t most_members = 256;
constexpr std::size_t most_groups = 10'000;
constexpr std::array<std::pair<std::string_view, double>, 3> told_quantiles{
    {{"0.5", 0.5}, {"0.95", 0.95}, {"0.99", 0.99}}};

std::string_view name_of(Circuit circuit) {
    return circuit == Circuit::closed ? "closed" : circuit == Circuit::open ? "open" : "half_open";
}

double seconds(noa::Duration time) {
    return std::chrono::duration<double>(time).count();
}

bool is_agent_name(const std::string& name) {
    return !name.empty() && name.size() <= NOA_AGENT_NAME_MAX && name[0] != '_' && name[0] != '-' &&
           std::ranges::all_of(name, [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '_' || letter == '-';
           });
}

} // namespace

void Communication::set_up_control(noa::Setup& setup) {
    setup.operation("queues", "What waits, by recipient", [this] { return queues(); });
    setup.operation("breakers", "The circuit breaker of each recipient",
                    [this] { return breakers(); });
    setup.operation(
        "breaker.open", "Lets nothing pass until it is closed by hand",
        [this](const BreakerRequest& request) { return breaker(request, &Breaker::force_open); });
    setup.operation(
        "breaker.close", "Lets everything pass, and opens by itself again",
        [this](const BreakerRequest& request) { return breaker(request, &Breaker::force_closed); });
    setup.operation("webhook.list", "The endpoints that messages may be posted to",
                    [this] { return webhooks(); });
    setup.operation("stats", "Figures of all that was delivered", [this] { return stats(); });
    setup.operation(
        "group.set", "Names agents that a message may be sent to at once",
        [this](const GroupRequest& request, const noa::Request& message, noa::Responder responder) {
            set_group(request, message, std::move(responder));
        });
    setup.operation(
        "group.unset", "Takes a group away",
        [this](const NameRequest& request, const noa::Request& message, noa::Responder responder) {
            set_group({request.name, {}}, message, std::move(responder));
        });
    setup.operation("group.list", "The groups", [this] { return list_groups(); });
}

// By recipient, and its type: a name may be an agent's and a subject's.
void Communication::set_up_recipient_metrics(noa::Setup& setup) {
    const auto told = [this](auto figure) {
        return [this, figure](noa::Series& series) {
            if (deliveries_ == nullptr) {
                return;
            }
            deliveries_->each_recipient([&](const Recipient& one) {
                series.add({{"to", one.name}, {"type", name_of(one.kind)}},
                           static_cast<double>(figure(one)));
            });
        };
    };
    setup.gauges("recipient_queue_depth", "Messages that are not settled",
                 told([](const Recipient& one) { return one.depth; }));
    setup.counters("recipient_delivered_total", "Messages that were acknowledged",
                   told([](const Recipient& one) { return one.delivered; }));
    setup.counters("recipient_failed_attempts_total", "Attempts that failed",
                   told([](const Recipient& one) { return one.failed; }));
    setup.counters("recipient_dead_total", "Messages that were given up",
                   told([](const Recipient& one) { return one.dead; }));
    setup.gauges("recipient_breaker_state", "0 closed, 1 half open, 2 open",
                 told([this](const Recipient& one) {
                     const Circuit state = one.breaker.state(now());
                     return state == Circuit::closed ? 0 : state == Circuit::open ? 2 : 1;
                 }));
    setup.gauges(
        "recipient_delivery_seconds", "From accepted to acknowledged", [this](noa::Series& series) {
            if (deliveries_ == nullptr) {
                return;
            }
            deliveries_->each_recipient([&](const Recipient& one) {
                for (const auto& [text, rank] : told_quantiles) {
                    series.add({{"to", one.name}, {"type", name_of(one.kind)}, {"quantile", text}},
                               one.times.at(rank));
                }
            });
        });
}

Communication::Body Communication::queues() {
    Json all = Json::array();
    deliveries_->each_recipient([&](const Recipient& one) {
        all.push_back({{"to", one.name},
                       {"type", name_of(one.kind)},
                       {"depth", one.depth},
                       {"under_way", one.under_way},
                       {"delivered", one.delivered},
                       {"failed_attempts", one.failed},
                       {"dead", one.dead},
                       {"p50_delivery_time", one.times.at(0.5)},
                       {"p95_delivery_time", one.times.at(0.95)},
                       {"p99_delivery_time", one.times.at(0.99)}});
    });
    return noa::json_body(Json{{"queues", std::move(all)},
                               {"depth", deliveries_->size()},
                               {"max_queued", settings_.max_queued},
                               {"max_queued_recipient", settings_.max_queued_recipient}});
}

Communication::Body Communication::breakers() {
    Json all = Json::array();
    deliveries_->each_recipient([&](const Recipient& one) {
        const auto next = one.breaker.next_try(now());
        Json entry{{"to", one.name},
                   {"type", name_of(one.kind)},
                   {"state", name_of(one.breaker.state(now()))},
                   {"by_hand", one.breaker.forced()},
                   {"failures_in_a_row", one.breaker.failures_in_a_row()},
                   {"times_opened", one.breaker.times_opened()}};
        if (next > now() && next != noa::Time::max()) {
            entry["next_try_s"] = seconds(next - now());
        }
        all.push_back(std::move(entry));
    });
    return noa::json_body(Json{{"breakers", std::move(all)}});
}

Communication::Body Communication::breaker(const BreakerRequest& request,
                                           void (Breaker::*change)() noexcept) {
    const auto* kind = std::ranges::find(kind_names, request.kind.value_or("request"));
    if (kind == std::end(kind_names)) {
        return noa::invalid("/kind: expected request, event or webhook");
    }
    Recipient* recipient =
        deliveries_->recipient(static_cast<Kind>(kind - std::begin(kind_names)), request.to);
    if (recipient == nullptr) {
        return noa::not_found("/to: nothing was sent to " + request.to);
    }
    (recipient->breaker.*change)();
    deliveries_->look_at(*recipient);
    pump_soon();
    return noa::json_body(
        Json{{"to", request.to}, {"state", name_of(recipient->breaker.state(now()))}});
}

Communication::Body Communication::stats() {
    const DeliveryFigures& figures = deliveries_->figures();
    const noa::Quantiles& times = deliveries_->times();
    return noa::json_body(Json{{"messages_accepted", accepted_.value()},
                               {"messages_refused", refused_.value()},
                               {"messages_duplicate", duplicates_.value()},
                               {"messages_sent", figures.attempts},
                               {"messages_delivered", figures.delivered},
                               {"messages_failed", figures.dead},
                               {"messages_expired", figures.expired},
                               {"retries", figures.retried},
                               {"queue_depth", deliveries_->size()},
                               {"under_way", deliveries_->under_way()},
                               {"average_delivery_time", times.mean()},
                               {"p50_delivery_time", times.at(0.5)},
                               {"p95_delivery_time", times.at(0.95)},
                               {"p99_delivery_time", times.at(0.99)},
                               {"commits", commits_.value()},
                               {"health_status", noa::Health::name_of(health().state)}});
}

void Communication::set_group(GroupRequest request, const noa::Request& message,
                              noa::Responder responder) {
    const bool goes = request.members.empty();
    if (!is_agent_name(request.name) || request.members.size() > most_members ||
        !std::ranges::all_of(request.members, is_agent_name)) {
        responder.fail(noa::invalid("/members: names of agents, 256 at most; /name: like one"));
        return;
    }
    if (goes && !groups_.contains(request.name)) {
        responder.fail(noa::not_found("/name: there is no group " + request.name));
        return;
    }
    if (!store_fault_.empty() || (!goes && groups_.size() >= most_groups)) {
        responder.fail(
            noa::busy(store_fault_.empty() ? "10,000 groups are all there may be" : store_fault_));
        return;
    }
    std::ranges::sort(request.members);
    request.members.erase(std::unique(request.members.begin(), request.members.end()),
                          request.members.end());
    const Json reply{{"name", request.name}, {"members", request.members}};
    gathering_->batch.groups.push_back({request.name,
                                        goes ? "" : noa::json_text(Json(request.members)),
                                        std::string(message.from()), wall()});
    gathering_->answers.push_back({std::move(responder), noa::json_text(reply)});
    flush();
}

Communication::Body Communication::list_groups() {
    Json all = Json::object();
    for (const auto& [name, members] : groups_) {
        all[name] = members;
    }
    return noa::json_body(Json{{"groups", std::move(all)}});
}

} // namespace communication
