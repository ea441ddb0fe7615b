// A name on the bus, and the inbox behind it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "bus/inbox.hpp"

namespace noa::bus {

// Made on first mention of the name and never removed while the bus lives, so that an address,
// or a message's `from`, is good for ever. An agent that is gone leaves its inbox absent.
class Endpoint {
public:
    Endpoint(std::string name, std::uint32_t index) : name_(std::move(name)), index_(index) {}
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] noa_address address() const noexcept { return noa_address{index_} + 1; }
    [[nodiscard]] Inbox& inbox() noexcept { return inbox_; }
    [[nodiscard]] const Inbox& inbox() const noexcept { return inbox_; }

private:
    const std::string name_;
    const std::uint32_t index_;
    Inbox inbox_;
};

} // namespace noa::bus
