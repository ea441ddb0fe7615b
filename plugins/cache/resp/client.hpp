// A connection, and all that the server knows of it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../store/store.hpp"
#include "noa/sdk/fd.hpp"
#include "request.hpp"

namespace cache::resp {

inline constexpr int databases = 16;

// Whether replies are sent.
enum class Replies : std::uint8_t {
    on,
    off,
    skip_next, // from the next request on: that one's is not
    skip,      // of the request at hand
};

// A key that must not change until EXEC: what it held when that began.
struct WatchedKey {
    int database;
    std::string key;
    std::uint64_t fingerprint; // of its value; see Keyspace::fingerprint
    bool touched;              // by a command, whatever it holds now
};

using QueuedArgs = std::vector<std::string>;

struct Client {
    std::uint64_t id = 0;
    noa::sdk::Fd fd;
    std::string address; // "127.0.0.1:40412"; "/run/noa/cache.sock:0"
    std::string local_address;
    bool local = false; // a unix socket

    // What it is to be told, and how.
    int protocol = 2;
    Replies replies = Replies::on;
    bool authenticated = false;
    int database = 0;
    SpaceId space = 0; // of the database
    std::string name;
    std::string library;
    std::string library_version;
    bool no_evict = false;

    // MULTI until EXEC.
    bool in_multi = false;
    bool multi_failed = false; // EXEC will refuse
    std::vector<QueuedArgs> queued;
    std::size_t queued_bytes = 0;
    std::vector<WatchedKey> watched;

    std::set<std::string, std::less<>> channels;
    std::set<std::string, std::less<>> patterns;

    // Bytes under way.
    RequestReader reader;
    std::string input;       // of a request that is not complete; the reader is at its beginning
    std::string output;      // to be sent
    std::size_t sent = 0;    // of it
    std::size_t counted = 0; // of both, in the server's sum

    bool flush_due = false;      // it is in the server's list of those to send to
    bool waits_to_write = false; // until its socket takes more
    bool closing = false;        // once all is sent
    bool overflown = false;      // over its limit: to be cut off
    bool dead = false;           // now

    // For CLIENT LIST.
    Instant since{0};
    Instant last{0};
    std::string_view last_command; // a literal
    std::string last_subcommand;

    [[nodiscard]] std::size_t subscriptions() const noexcept {
        return channels.size() + patterns.size();
    }
    [[nodiscard]] std::size_t pending() const noexcept { return output.size() - sent; }
    [[nodiscard]] std::size_t held() const noexcept { return input.capacity() + output.capacity(); }
    void end_multi() {
        in_multi = multi_failed = false;
        queued.clear();
        queued_bytes = 0;
    }
};

} // namespace cache::resp
