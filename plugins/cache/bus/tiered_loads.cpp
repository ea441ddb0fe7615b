// Loading by one caller of all hosts: the lease is the tier's, its callers wait here until the host
// that has it says on the channel that it is over, or its time is.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace cache {

namespace {

using namespace std::chrono_literals;

constexpr Instant longest_patience = 1s; // then the tier is asked again: a message may be lost

std::string without_brace(const noa::OwnedBody& body) {
    return std::string(body.bytes.substr(0, body.bytes.size() - 1));
}

} // namespace

// REQUIRES: the key has no value here that could be shown as it is.
void Cache::load_by_tier(SpaceId space, const LoadRequest& request, Leases::Waiter waiter) {
    const bool loading = leases_.loading(space, request.key);
    if (request.stale) {
        with([&](Store& store) {
            const auto value = store.get_stale(space, request.key, instant());
            const auto body = value ? found(*value, request.key, R"(,"stale":true)") : not_there();
            waiter.stale = value && body ? without_brace(*body) : std::string();
        });
    }
    if (loading && !waiter.stale.empty()) {
        ++leases_.figures().avoided;
        waiter.responder.reply(noa::Body(waiter.stale + "}", noa::json_content_type));
    } else if (loading) {
        leases_.wait(space, request.key, std::move(waiter));
    } else {
        ++leases_.figures().avoided;
        std::deque<Leases::Waiter> waiting;
        waiting.push_back(std::move(waiter));
        contend(space, request.key, std::move(waiting));
    }
}

// REQUIRES: the lease is not in force here.
void Cache::contend(SpaceId space, std::string_view key, std::deque<Leases::Waiter> waiting) {
    if (waiting.empty()) {
        return;
    }
    const Instant at = instant();
    leases_.wait_elsewhere(space, key, std::move(waiting), at,
                           at + std::chrono::ceil<Instant>(settings_.tier_timeout) +
                               longest_patience);
    ask_for_lease(space, std::string(key));
}

void Cache::ask_for_lease(SpaceId space, const std::string& key) {
    Leases::Lease* lease = leases_.find(space, key);
    lease->asking = true;
    lease->stirred = false;
    const Instant length = lease->waiting.empty() ? std::chrono::ceil<Instant>(settings_.lease)
                                                  : lease->waiting.front().lease;
    tier_.acquire(tier_name(space, key), length,
                  [this, space, key, token = lease->token](const tier::Acquired& outcome) {
                      acquired(space, key, token, outcome);
                  });
}

void Cache::acquired(SpaceId space, const std::string& key, const std::string& token,
                     const tier::Acquired& outcome) {
    using Kind = tier::Acquired::Kind;
    const tier::Name name = tier_name(space, key);
    Leases::Lease* lease = leases_.find(space, key);
    if (lease == nullptr || lease->token != token) { // it was set or deleted here meanwhile
        if (outcome.kind == Kind::given) {
            tier_.release(name, outcome.fence, {});
        }
        return;
    }
    lease->asking = false;
    if (outcome.kind == Kind::elsewhere) {
        wait_longer(space, key, outcome.left);
        return;
    }
    auto ours = leases_.take(space, key);
    if (outcome.kind == Kind::found) {
        keep_copy(name, outcome.found);
        const Body body = found(outcome.found, key);
        for (Leases::Waiter& waiter : ours->waiting) {
            waiter.responder.reply(body);
        }
    } else if (!leases_.pass_on(space, key, std::move(ours->waiting), instant(), outcome.fence) &&
               outcome.fence != 0) {
        tier_.release(name, outcome.fence, {});
    }
    end_leases();
}

// Another host loads.
void Cache::wait_longer(SpaceId space, const std::string& key, Instant left) {
    Leases::Lease* lease = leases_.find(space, key);
    if (lease->stirred) {
        ask_for_lease(space, key);
        return;
    }
    // Who may be shown a stale value does not wait.
    std::deque<Leases::Waiter> waiting;
    auto ours = leases_.take(space, key);
    for (Leases::Waiter& waiter : ours->waiting) {
        if (waiter.stale.empty()) {
            waiting.push_back(std::move(waiter));
        } else {
            waiter.responder.reply(noa::Body(waiter.stale + "}", noa::json_content_type));
        }
    }
    if (!waiting.empty()) {
        const Instant at = instant();
        leases_.wait_elsewhere(space, key, std::move(waiting), at,
                               at + std::clamp(left, Instant(1), longest_patience));
    }
    end_leases();
}

void Cache::lease_ended_elsewhere(const Space& space_name, std::string_view key,
                                  std::string_view error) {
    const auto space = space_of(space_name);
    Leases::Lease* lease = space ? leases_.find(*space, key) : nullptr;
    if (lease == nullptr || !lease->elsewhere) {
        return;
    }
    if (!error.empty()) {
        auto ended = leases_.take(*space, key);
        for (Leases::Waiter& waiter : ended->waiting) {
            waiter.responder.fail(noa::failed(std::string(error)));
        }
    } else if (lease->asking) {
        lease->stirred = true;
    } else {
        ask_for_lease(*space, std::string(key));
    }
}

} // namespace cache
