// Who has subscribed to what. Messages are kept for nobody.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"

namespace cache::resp {

// Clients are known by their address; one that goes is forgotten first.
class Channels {
public:
    // False when it is there already.
    bool subscribe(Client& client, std::string_view channel);
    bool unsubscribe(Client& client, std::string_view channel);
    bool subscribe_pattern(Client& client, std::string_view pattern);
    bool unsubscribe_pattern(Client& client, std::string_view pattern);
    void forget(Client& client);

    // `tell(Client&, pattern)` for each subscription that it is for; the pattern is empty for those
    // of the channel itself.
    template <class Tell>
    std::size_t publish(std::string_view channel, Tell&& tell) const {
        std::size_t told = 0;
        if (const auto found = channels_.find(channel); found != channels_.end()) {
            for (Client* client : found->second) {
                tell(*client, std::string_view());
                ++told;
            }
        }
        for (const auto& [pattern, clients] : patterns_) {
            if (covers(pattern, channel)) {
                for (Client* client : clients) {
                    tell(*client, std::string_view(pattern));
                    ++told;
                }
            }
        }
        return told;
    }

    [[nodiscard]] std::size_t subscribers(std::string_view channel) const;
    [[nodiscard]] std::size_t patterns() const noexcept { return patterns_.size(); }
    // Those that somebody has subscribed to; an empty pattern: all.
    [[nodiscard]] std::vector<std::string_view> active(std::string_view pattern) const;
    [[nodiscard]] bool any() const noexcept { return !channels_.empty() || !patterns_.empty(); }

private:
    using Subscribers = std::map<std::string, std::vector<Client*>, std::less<>>;

    static bool covers(std::string_view pattern, std::string_view channel);
    static void add(Subscribers& all, Client& client, std::string_view name);
    static void remove(Subscribers& all, Client& client, std::string_view name);

    Subscribers channels_;
    Subscribers patterns_;
};

} // namespace cache::resp
