// A client's view of the store: one database, at one time; every change is noted for those who
// watch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "../store/store.hpp"
#include "client.hpp"

namespace cache::resp {

// Keys that clients have WATCHed. [the server's thread]
class Watches {
public:
    void add(Client& client, std::string_view key, std::uint64_t fingerprint);
    // As it was kept.
    void adopt(Client& client);
    void forget(Client& client);

    void touch(int database, std::string_view key) noexcept {
        if (!clients_.empty()) {
            mark(database, key);
        }
    }
    void touch_all(int database) noexcept;

private:
    void mark(int database, std::string_view key) noexcept;

    std::vector<Client*> clients_; // each once
};

class Keyspace {
public:
    Keyspace(Store& store, Watches& watches, SpaceId space, int database, Instant now) noexcept
        : store_(&store), watches_(&watches), space_(space), database_(database), now_(now) {}

    [[nodiscard]] Store& store() const noexcept { return *store_; }
    [[nodiscard]] SpaceId space() const noexcept { return space_; }
    [[nodiscard]] int database() const noexcept { return database_; }
    [[nodiscard]] Instant now() const noexcept { return now_; }

    // Views are good until something is changed.
    std::optional<Value> get(std::string_view key) noexcept { // a use, a hit or a miss
        return store_->get(space_, key, now_);
    }
    [[nodiscard]] std::optional<Value> find(std::string_view key) const noexcept {
        return store_->find(space_, key, now_);
    }
    // No text may lie in the store.
    Stored set(std::string_view key, std::string_view value, const SetOptions& options) noexcept {
        if (key.size() > longest_key) {
            return Stored::too_large;
        }
        const Stored outcome = store_->set(space_, key, value, options, now_);
        if (outcome == Stored::yes) {
            watches_->touch(database_, key);
        }
        return outcome;
    }
    bool erase(std::string_view key) noexcept {
        const bool was = store_->erase(space_, key, now_);
        if (was) {
            watches_->touch(database_, key);
        }
        return was;
    }
    bool change_end(std::string_view key, std::optional<Instant> end) noexcept {
        const bool was = store_->change_end(space_, key, end, now_);
        if (was) {
            watches_->touch(database_, key);
        }
        return was;
    }
    void flush() noexcept {
        store_->flush(space_, now_);
        watches_->touch_all(database_);
    }
    [[nodiscard]] std::uint64_t bytes_of(std::string_view key) const noexcept {
        return store_->bytes_of(space_, key, now_);
    }
    // Of value, type and end: what others than clients have changed is found by it, too.
    [[nodiscard]] std::uint64_t fingerprint(std::string_view key) const noexcept;
    // Whether a watched key is what it was.
    [[nodiscard]] bool holds(const WatchedKey& watched) const noexcept {
        return !watched.touched && fingerprint(watched.key) == watched.fingerprint;
    }
    // Another database.
    [[nodiscard]] Keyspace other(SpaceId space, int database) const noexcept {
        return {*store_, *watches_, space, database, now_};
    }

private:
    Store* store_;
    Watches* watches_;
    SpaceId space_;
    int database_;
    Instant now_;
};

// Of a database; made when it is new. Nothing when the store has no more.
std::optional<SpaceId> space_of_database(Store& store, int database);
// Whether a namespace is one of a database: clients know it by its number.
[[nodiscard]] bool is_database(std::string_view space) noexcept;

} // namespace cache::resp
