#include "channels.hpp"

#include <algorithm>

#include "../bus/glob.hpp"

namespace cache::resp {

bool Channels::covers(std::string_view pattern, std::string_view channel) {
    return matches(pattern, channel);
}

void Channels::add(Subscribers& all, Client& client, std::string_view name) {
    auto found = all.find(name);
    if (found == all.end()) {
        found = all.emplace(std::string(name), std::vector<Client*>()).first;
    }
    found->second.push_back(&client);
}

void Channels::remove(Subscribers& all, Client& client, std::string_view name) {
    const auto found = all.find(name);
    if (found == all.end()) {
        return;
    }
    std::erase(found->second, &client);
    if (found->second.empty()) {
        all.erase(found);
    }
}

bool Channels::subscribe(Client& client, std::string_view channel) {
    if (!client.channels.emplace(channel).second) {
        return false;
    }
    add(channels_, client, channel);
    return true;
}

bool Channels::unsubscribe(Client& client, std::string_view channel) {
    const auto found = client.channels.find(channel);
    if (found == client.channels.end()) {
        return false;
    }
    remove(channels_, client, channel);
    client.channels.erase(found);
    return true;
}

bool Channels::subscribe_pattern(Client& client, std::string_view pattern) {
    if (!client.patterns.emplace(pattern).second) {
        return false;
    }
    add(patterns_, client, pattern);
    return true;
}

bool Channels::unsubscribe_pattern(Client& client, std::string_view pattern) {
    const auto found = client.patterns.find(pattern);
    if (found == client.patterns.end()) {
        return false;
    }
    remove(patterns_, client, pattern);
    client.patterns.erase(found);
    return true;
}

void Channels::forget(Client& client) {
    for (const std::string& channel : client.channels) {
        remove(channels_, client, channel);
    }
    for (const std::string& pattern : client.patterns) {
        remove(patterns_, client, pattern);
    }
    client.channels.clear();
    client.patterns.clear();
}

std::size_t Channels::subscribers(std::string_view channel) const {
    const auto found = channels_.find(channel);
    return found == channels_.end() ? 0 : found->second.size();
}

std::vector<std::string_view> Channels::active(std::string_view pattern) const {
    std::vector<std::string_view> names;
    for (const auto& [name, clients] : channels_) {
        if (pattern.empty() || matches(pattern, name)) {
            names.emplace_back(name);
        }
    }
    return names;
}

} // namespace cache::resp
