// The second tier: a Redis server that several hosts share, as the bus part asks it. Every question
// ends in one call on the lane: later, or before the function returns when the tier is away or
// busy; in none when the agent stops.
//
//     PREFIXv:NAMESPACE:KEY   a value
//     PREFIXl:NAMESPACE:KEY   a lease: who loads the value, as the number that `fence` gave it
//     PREFIXfence             counts leases
//     PREFIXevents            a channel: what became of leases
//
// What changes a value ends its lease, in one script; a lease's value is taken only while that
// very lease is in force.  [lane] every function.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "link.hpp"
#include "value.hpp"

namespace cache::tier {

using Left = std::optional<Instant>; // to live; nothing: no end

// A key as the tier knows it.
struct Name {
    std::string_view space;
    std::string_view key;
};

struct Found {
    Bytes value;
    Left left;
};

struct Write {
    std::string_view bytes;
    Type type = Type::string;
    Left left = {};
    When when = When::always;
    std::uint64_t fence = 0; // of the lease that it fills; 0: it fills none, and ends any
};

enum class Outcome : std::uint8_t {
    done,
    refused, // nx, xx or the lease does not hold; there is no such key
    lost,    // nothing is known
};

struct Count {
    Outcome outcome; // refused: the value is no whole number, or the sum is too large
    std::int64_t value = 0;
    Left left = {};
};

struct Acquired {
    enum class Kind : std::uint8_t {
        found,     // the value has come meanwhile
        given,     // the lease, with this fence
        elsewhere, // another host has it, for `left`
        lost,
    };
    Kind kind = Kind::lost;
    Found found = {};
    std::uint64_t fence = 0;
    Instant left{0};
};

struct Settings {
    Options link;
    std::string prefix;
};

class Tier {
public:
    template <class T>
    using Done = noa::sdk::Function<void(T)>;

    struct Listener {
        std::function<noa::Status(noa::sdk::Function<void()>)> post;
        // A lease of any host is over; `error` says why its load failed, empty: it did not.
        std::function<void(Name name, std::string_view error)> lease_ended;
        std::function<void(bool away, const std::string& why)> changed;
    };
    struct Figures {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
    };

    explicit Tier(Listener listener);

    noa::Status start(Settings settings);
    void stop() noexcept {
        link_.stop();
        in_use_ = false;
    }
    // Started, and not away.
    [[nodiscard]] bool in_use() const noexcept { return in_use_ && !link_.away(); }
    [[nodiscard]] bool away() const noexcept { return in_use_ && link_.away(); }
    [[nodiscard]] const std::string& why() const noexcept { return link_.why(); }

    // Nothing: there is none, or nothing is known.
    void get(Name name, Done<std::optional<Found>> done);
    void set(Name name, const Write& write, Done<Outcome> done);
    void erase(Name name, Done<Outcome> done);
    void add(Name name, std::int64_t by, Left left_of_new, Done<Count> done);
    // A new time to live, or none.
    void change_end(Name name, Left left, Done<Outcome> done);
    // How long it has to live: `outcome`, and then in `left`.
    void look(Name name, Done<Count> done);
    // `refresh`: though there is a value.
    void acquire(Name name, Instant length, Done<Acquired> done);
    // Gives a lease back; `error`: tells those who wait for it that the load failed.
    void release(Name name, std::uint64_t fence, std::string_view error);
    // Forgets a namespace, in rounds.
    void clear(std::string_view space, Done<Outcome> done);

    [[nodiscard]] const Figures& figures() const noexcept { return figures_; }
    [[nodiscard]] const Link::Figures& link_figures() const noexcept { return link_.figures(); }

private:
    void send(std::vector<std::string> arguments, Link::Done done);
    void clear_from(const std::string& pattern, const std::string& cursor, Done<Outcome> done);
    [[nodiscard]] std::string value_key(Name name) const;
    [[nodiscard]] std::string lease_key(Name name) const;
    [[nodiscard]] std::string channel() const { return prefix_ + "events"; }
    void heard(std::string_view message) const;

    Listener listener_;
    Link link_;
    std::string prefix_;
    bool in_use_ = false;
    Figures figures_;
};

} // namespace cache::tier
