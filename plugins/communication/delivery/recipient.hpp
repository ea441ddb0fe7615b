// One agent, subject or endpoint that messages go to.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "noa/sdk/quantiles.hpp"

#include "breaker.hpp"
#include "bucket.hpp"
#include "queue.hpp"

namespace communication {

struct RecipientTerms {
    std::uint32_t window = 32;    // attempts under way
    std::uint64_t queue = 20'000; // messages that are not settled
    BreakerTerms breaker;
    Rate rate;
    double retry_share = 0.2; // retries for each first attempt; 0: no budget
    double retry_floor = 10;  // a second, whatever comes
};

struct Recipient {
    Recipient(Kind kind_of, std::string name_of, const RecipientTerms& terms, Ejections* ejections,
              noa::sdk::Time now)
        : kind(kind_of), name(std::move(name_of)), breaker(terms.breaker, ejections),
          bucket(terms.rate, now), budget(terms.retry_share, terms.retry_floor) {}

    Kind kind;
    std::string name;
    Breaker breaker;
    Bucket bucket;
    RetryBudget budget;
    Queue queue;
    // Conversations of which one ordered message is on its way: what waits for that one.
    std::unordered_map<std::string, std::deque<MessagePtr>> lines;
    std::uint32_t under_way = 0;
    std::uint64_t depth = 0;           // not settled, in all
    std::uint64_t settled_waiting = 0; // of those in the queue and the lines
    bool listed = false;               // among those to look at
    noa::sdk::Time wake{};             // when it is to be looked at again; zero: not by itself
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0; // attempts
    std::uint64_t dead = 0;
    noa::Quantiles times = noa::Quantiles(0.02, 256); // accepted to acknowledged, seconds

    [[nodiscard]] bool idle(noa::sdk::Time now) const noexcept {
        return depth == 0 && lines.empty() && breaker.state(now) == Circuit::closed &&
               !breaker.forced();
    }
};

} // namespace communication
