// Commands on a store, without a socket: what a client would read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "resp/execute.hpp"
#include "store_rig.hpp"

namespace cache::resp {

class RespTest : public StoreTest {
protected:
    void SetUp() override { open({}); }

    void open(Options options) {
        make({.bytes = 64U << 20U});
        hub_ = std::make_unique<Hub>(std::move(options), tally_);
        set_time(now_);
        client_ = connect();
    }
    void set_time(Instant now) {
        now_ = now;
        hub_->clock.set(now, now.count() + 1'700'000'000'000);
    }
    std::unique_ptr<Client> connect() {
        auto client = std::make_unique<Client>();
        client->id = ++hub_->last_id;
        client->authenticated = hub_->parameters.options().password.empty();
        return client;
    }

    // One request; its reply.
    std::string ask_words(Client& client, const std::vector<std::string>& words) {
        const std::vector<std::string_view> args(words.begin(), words.end());
        client.output.clear();
        execute(*hub_, *store_, client, args);
        return client.output;
    }
    std::string ask_words(const std::vector<std::string>& words) {
        return ask_words(*client_, words);
    }
    // Words between spaces.
    std::string ask(std::string_view line) { return ask(*client_, line); }
    std::string ask(Client& client, std::string_view line) {
        return ask_words(client, words_of(line));
    }

    static std::vector<std::string> words_of(std::string_view line) {
        std::vector<std::string> words;
        while (!line.empty()) {
            const std::size_t end = std::min(line.find(' '), line.size());
            words.emplace_back(line.substr(0, end));
            line.remove_prefix(std::min(end + 1, line.size()));
        }
        return words;
    }

    Tally tally_;
    std::unique_ptr<Hub> hub_;
    std::unique_ptr<Client> client_;
};

} // namespace cache::resp
