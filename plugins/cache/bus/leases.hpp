// Who loads what is missing: one caller a key has the lease, the others wait. Knows nothing of the
// store; time is told to it.  [lane] every function.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../store/store.hpp"
#include "noa/sdk.hpp"

namespace cache {

struct LeaseFigures {
    std::uint64_t loads = 0;   // leases given
    std::uint64_t filled = 0;  // by the value
    std::uint64_t failed = 0;  // by an error
    std::uint64_t expired = 0; // neither in time
    std::uint64_t avoided = 0; // callers that did not have to load
    std::uint64_t load_ms = 0; // of those filled, in all
};

class Leases {
public:
    static constexpr std::size_t most_waiting = 65'536; // callers, of all keys
    static constexpr std::size_t most_leases = 65'536;

    struct Waiter {
        noa::Responder responder;
        std::optional<Instant> deadline; // of its request: nobody waits for an answer after it
        Instant lease;                   // how long it wants to load, if it comes to that
        std::string stale = {}; // what it may be shown meanwhile: a reply without its last brace
    };
    struct Lease {
        std::string token = {};
        Instant begun{0};
        Instant end{0};
        std::deque<Waiter> waiting = {};
        std::uint64_t fence = 0; // that the second tier gave; 0: it knows nothing of it
        // Who has it is not known here: the tier is asked for it (again), the callers wait.
        bool elsewhere = false;
        bool asking = false;
        bool stirred = false; // something has happened while it was asked
    };

    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
    [[nodiscard]] bool loading(SpaceId space, std::string_view key) const;
    // A lease for the caller at hand, its token. REQUIRES: !loading. NOA_E_BUSY: too many.
    noa::Result<std::string> give(SpaceId space, std::string_view key, Instant now, Instant length);
    // REQUIRES: loading. The caller is answered when the lease ends; NOA_E_BUSY at once, when too
    // many wait.
    void wait(SpaceId space, std::string_view key, Waiter waiter);

    // The lease is over by what it was for, with the callers that waited; nothing when that token
    // is not in force.
    std::optional<Lease> take(SpaceId space, std::string_view key, std::string_view token);
    // Whatever its token.
    std::optional<Lease> take(SpaceId space, std::string_view key);
    // Until the next call that is not const.
    [[nodiscard]] Lease* find(SpaceId space, std::string_view key);
    // Callers wait for a lease that is elsewhere, until `end`. REQUIRES: !loading.
    void wait_elsewhere(SpaceId space, std::string_view key, std::deque<Waiter> waiting,
                        Instant now, Instant end);
    // Of one that is in force.
    void set_end(SpaceId space, std::string_view key, Instant end);
    std::vector<std::pair<SpaceId, std::string>> keys() const;
    // Whether one of that namespace is in force.
    [[nodiscard]] bool any(SpaceId space) const;
    // One that ran out. Its key and space come along, so that the next caller can be told.
    struct Ended {
        SpaceId space;
        std::string key;
        Lease lease;
    };
    std::optional<Ended> take_expired(Instant now);
    // Gives the lease on to the first caller of `waiting` that still waits, who is told to load;
    // the others go on waiting. False: none waits any more.
    bool pass_on(SpaceId space, std::string_view key, std::deque<Waiter> waiting, Instant now,
                 std::uint64_t fence = 0);

    [[nodiscard]] std::optional<Instant> next_end() const;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] LeaseFigures& figures() noexcept { return figures_; }
    [[nodiscard]] const LeaseFigures& figures() const noexcept { return figures_; }

    // Those in force here; the callers that wait are not theirs to keep: their requests come again.
    void save(noa::StateWriter& out) const;
    void restore(noa::StateReader& in);
    // The callers that wait are left to the next generation.
    void forget();

private:
    using Name = std::pair<SpaceId, std::string>;
    struct Entry {
        Lease lease;
        std::multimap<Instant, Name>::iterator by_end;
    };

    void add(Name name, Lease lease);
    std::optional<Lease> take(std::map<Name, Entry, std::less<>>::iterator found);
    static std::string make_token();

    std::map<Name, Entry, std::less<>> all_;
    std::multimap<Instant, Name> by_end_;
    std::size_t waiting_ = 0;
    LeaseFigures figures_;
};

// What a caller is told that is to load, behind what it is shown meanwhile.
[[nodiscard]] std::string load_reply(std::string_view token, Instant length,
                                     std::string_view stale = {});

} // namespace cache
