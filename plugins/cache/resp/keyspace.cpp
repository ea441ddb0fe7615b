#include "keyspace.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace cache::resp {

void Watches::add(Client& client, std::string_view key, std::uint64_t fingerprint) {
    for (const WatchedKey& watched : client.watched) {
        if (watched.database == client.database && watched.key == key) {
            return;
        }
    }
    client.watched.push_back({client.database, std::string(key), fingerprint, false});
    adopt(client);
}

void Watches::adopt(Client& client) {
    if (!client.watched.empty() &&
        std::find(clients_.begin(), clients_.end(), &client) == clients_.end()) {
        clients_.push_back(&client);
    }
}

void Watches::forget(Client& client) {
    if (!client.watched.empty()) {
        client.watched.clear();
        std::erase(clients_, &client);
    }
}

void Watches::mark(int database, std::string_view key) noexcept {
    for (Client* client : clients_) {
        for (WatchedKey& watched : client->watched) {
            watched.touched =
                watched.touched || (watched.database == database && watched.key == key);
        }
    }
}

// Only of what is there.
void Watches::touch_all(int database) noexcept {
    for (Client* client : clients_) {
        for (WatchedKey& watched : client->watched) {
            watched.touched =
                watched.touched || (watched.database == database && watched.fingerprint != 0);
        }
    }
}

std::uint64_t Keyspace::fingerprint(std::string_view key) const noexcept {
    const auto value = find(key);
    if (!value) {
        return 0;
    }
    const std::uint64_t end = value->end ? static_cast<std::uint64_t>(value->end->count()) : 0;
    const std::uint64_t bytes = std::hash<std::string_view>()(value->bytes);
    return (bytes ^ (end * 0x9e3779b97f4a7c15U) ^ static_cast<std::uint64_t>(value->type)) | 1U;
}

std::optional<SpaceId> space_of_database(Store& store, int database) {
    return database == 0 ? std::optional<SpaceId>(0)
                         : store.make_space("db" + std::to_string(database));
}

bool is_database(std::string_view space) noexcept {
    return space.starts_with("db") && space.size() > 2 &&
           space.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

} // namespace cache::resp
