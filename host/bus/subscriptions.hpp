// Who gets which events. Publishers read a snapshot; a change makes the next one.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "bus/endpoint.hpp"

namespace noa::bus {

// Whether one pattern covers one subject; both well formed.
[[nodiscard]] bool pattern_matches(std::string_view pattern, std::string_view subject) noexcept;

// Immutable: patterns as a tree of tokens.
class SubjectTree {
public:
    void add(std::string_view pattern, Endpoint* endpoint);
    // Appends each endpoint with a matching pattern, once.
    void match(std::string_view subject, std::vector<Endpoint*>& out) const;

private:
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> next;
        std::unique_ptr<Node> any;      // "*"
        std::vector<Endpoint*> here;    // the pattern ends here
        std::vector<Endpoint*> onwards; // ">": one token or more from here
    };
    static void walk(const Node& node, std::string_view rest, std::vector<Endpoint*>& out);
    Node root_;
};

// A subscription belongs to an endpoint and is lent to an owner (a generation, a peer): the
// union of all owners routes, so that no event falls between two generations.
//
// A switch adds what the new generation made (add_all), then takes the old one's out
// (take_owner) and keeps it; back again is the same with the roles changed. Each is one step:
// a publisher sees all of it or nothing, and in between it sees the union.
class Subscriptions {
public:
    static constexpr std::size_t max_per_owner = 4096;
    // Twice: the union of two full generations has to fit.
    static constexpr std::size_t max_per_endpoint = 2 * max_per_owner;

    [[nodiscard]] noa_status add(Endpoint& endpoint, std::uint64_t owner, std::string_view pattern);
    [[nodiscard]] noa_status remove(const Endpoint& endpoint, std::uint64_t owner,
                                    std::string_view pattern);
    void remove_owner(const Endpoint& endpoint, std::uint64_t owner);
    // All or none.
    [[nodiscard]] noa_status add_all(Endpoint& endpoint, std::uint64_t owner,
                                     const std::vector<std::string>& patterns);
    // As remove_owner; returns what the owner had.
    [[nodiscard]] std::vector<std::string> take_owner(const Endpoint& endpoint,
                                                      std::uint64_t owner);
    [[nodiscard]] std::vector<std::string> patterns(const Endpoint& endpoint) const;

    // The tree in force. Costs one atomic load unless something changed since this thread
    // last asked.  [any thread]
    [[nodiscard]] const SubjectTree& current() const;

private:
    void changed() noexcept { version_.fetch_add(1, std::memory_order_release); }
    [[nodiscard]] std::shared_ptr<const SubjectTree> snapshot() const;

    struct Entry {
        Endpoint* endpoint = nullptr;
        std::map<std::string, std::vector<std::uint64_t>, std::less<>> owners_of;
        std::map<std::uint64_t, std::size_t> counts; // patterns of each owner
    };
    // [mutex held]
    [[nodiscard]] noa_status insert(Entry& entry, std::uint64_t owner, std::string_view pattern,
                                    bool& ret_made);
    [[nodiscard]] bool erase(Entry& entry, std::uint64_t owner, std::string_view pattern);
    const std::uint64_t serial_ = next_serial();
    std::atomic<std::uint64_t> version_{1};
    mutable std::mutex mutex_;
    // under mutex_
    std::map<std::uint32_t, Entry> entries_; // by endpoint index
    // Owners: this object, and each thread's copy of it until the thread publishes again.
    mutable std::shared_ptr<const SubjectTree> built_;
    mutable std::uint64_t built_version_ = 0;

    static std::uint64_t next_serial() noexcept;
};

} // namespace noa::bus
