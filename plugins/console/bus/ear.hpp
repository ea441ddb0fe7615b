// Subscriptions that come and go while the agent runs.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "noa/sdk/generation.hpp"

namespace console {

// A member of the agent.  [lane] every function.
class Ear final : public noa::sdk::Part {
public:
    using Heard = noa::sdk::Function<void(const noa::Event&)>;

    // Every event that the agent gets, whatever it subscribed to.
    explicit Ear(Heard heard) : heard_(std::move(heard)) {}

    noa::Status attach(noa::sdk::Generation& generation) override {
        host_ = &generation.host;
        generation.subscriptions.add(">", [this](const noa::Event& event) {
            heard_(event);
            return noa::Status();
        });
        return {};
    }
    void quiet() noexcept override { patterns_.clear(); }

    void listen(const std::string& pattern) {
        if (patterns_.contains(pattern)) {
            return;
        }
        if (host_->table().subscribe(host_->context(), noa::sdk::to_str(pattern)) == NOA_OK) {
            patterns_.insert(pattern);
        }
    }
    void forget(const std::string& pattern) {
        if (patterns_.erase(pattern) > 0) {
            static_cast<void>(
                host_->table().unsubscribe(host_->context(), noa::sdk::to_str(pattern)));
        }
    }

private:
    const noa::sdk::Host* host_ = nullptr;
    Heard heard_;
    std::set<std::string> patterns_;
};

} // namespace console
