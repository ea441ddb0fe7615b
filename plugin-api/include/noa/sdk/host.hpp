// The host, as one generation may use it. Every function may be called from any thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "noa/host.h"
#include "noa/sdk/message.hpp"
#include "noa/sdk/result.hpp"
#include "noa/sdk/text.hpp"

namespace noa::sdk {

enum class Level : std::uint32_t {
    debug = NOA_LOG_DEBUG,
    info = NOA_LOG_INFO,
    warning = NOA_LOG_WARNING,
    error = NOA_LOG_ERROR,
};

// Another agent: a name, or what `Host::resolve` made of it, which saves the look-up.
struct Peer {
    std::string_view name;
    noa_address address = 0;

    Peer(std::string_view agent) : name(agent) {}
    Peer(const std::string& agent) : name(agent) {}
    Peer(const char* agent) : name(agent) {}
    explicit Peer(noa_address resolved) : address(resolved) {}
};

struct SendOptions {
    Priority priority = Priority::normal;
    Duration timeout{0}; // 0: what the message at hand, or the agent's task_timeout, leaves
    std::string_view traceparent = {}; // empty: that of the message at hand
};

// One request that nobody waits for, of many: see Agent::send_many.
struct Outgoing {
    Peer to;
    std::string_view operation;
    Body body = {};
    SendOptions options = {};
};

// How many were accepted, from the first on; and why the one after them was not.
struct SentMany {
    std::size_t accepted = 0;
    Status outcome;
};

// How many subscribers took an event, and how many could not.
struct Published {
    std::uint32_t accepted = 0;
    std::uint32_t refused = 0;
};

class Host {
public:
    Host(const noa_host& table, noa_context context) noexcept : table_(&table), context_(context) {}
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] Time now() const noexcept { return Time(Duration(table_->now_ns(context_))); }
    [[nodiscard]] bool on_lane() const noexcept { return table_->on_lane(context_) != 0; }

    // A line in the host's log. `event` is a stable id such as "store.opened".
    void log(Level level, std::string_view event, std::string_view text = {}) const noexcept {
        table_->log(context_, static_cast<std::uint32_t>(level), to_str(event), to_str(text));
    }

    [[nodiscard]] Result<Peer> resolve(std::string_view agent) const {
        noa_address address = 0;
        if (const noa_status status = table_->resolve(context_, to_str(agent), &address);
            status != NOA_OK) {
            return to_status(status, std::string("resolve ").append(agent)).error();
        }
        return Peer(address);
    }

    // A body of `size` bytes to write in place.
    [[nodiscard]] Result<Buffer> buffer(std::size_t size) const {
        noa_buffer raw{};
        raw.struct_size = sizeof raw;
        if (const noa_status status = table_->msg_alloc(context_, size, &raw); status != NOA_OK) {
            return to_status(status, "a body of " + std::to_string(size) + " bytes").error();
        }
        return Buffer(*table_, context_, raw);
    }

    // A request that nobody waits for.
    Status send(Peer to, std::string_view operation, Body body = {},
                SendOptions options = {}) const {
        noa_outgoing message = outgoing(body, options);
        address(message, to);
        message.subject = to_str(operation);
        noa_receipt receipt{};
        receipt.struct_size = sizeof receipt;
        const noa_status status = table_->send(context_, &message, &receipt);
        if (status == NOA_OK) {
            body.taken();
            return {};
        }
        return refusal(status, operation, receipt);
    }

    // All of them in order, to the first that is refused.
    SentMany send_many(std::span<const Outgoing> messages) const {
        constexpr std::size_t at_a_time = 64;
        std::array<noa_outgoing, at_a_time> raw; // NOLINT(cppcoreguidelines-pro-type-member-init)
        SentMany sent;
        while (!messages.empty()) {
            const auto part = messages.first(std::min(messages.size(), at_a_time));
            std::ranges::transform(part, raw.begin(), [this](const Outgoing& one) {
                noa_outgoing message = outgoing(one.body, one.options);
                address(message, one.to);
                message.subject = to_str(one.operation);
                return message;
            });
            noa_receipt receipt{};
            receipt.struct_size = sizeof receipt;
            const noa_status status =
                table_->send_many(context_, raw.data(), sizeof(noa_outgoing),
                                  static_cast<std::uint32_t>(part.size()), &receipt);
            for (const Outgoing& one : part.first(receipt.accepted)) {
                one.body.taken();
            }
            sent.accepted += receipt.accepted;
            if (status != NOA_OK) {
                sent.outcome = refusal(status, messages[receipt.accepted].operation, receipt);
                break;
            }
            messages = messages.subspan(part.size());
        }
        return sent;
    }

    Result<Published> publish(std::string_view subject, Body body = {},
                              SendOptions options = {}) const {
        noa_outgoing message = outgoing(body, options);
        message.subject = to_str(subject);
        noa_receipt receipt{};
        receipt.struct_size = sizeof receipt;
        if (const noa_status status = table_->publish(context_, &message, &receipt);
            status != NOA_OK) {
            return refusal(status, subject, receipt);
        }
        body.taken();
        return Published{receipt.accepted, receipt.refused};
    }

    // A contract that this host may or may not offer.
    template <class Contract>
    [[nodiscard]] const Contract* extension(const char* id) const noexcept {
        return static_cast<const Contract*>(table_->extension(context_, id));
    }

    // From the moment that quiesce begins: what is dropped unanswered is left to the next
    // generation instead of being refused.
    [[nodiscard]] bool stopping() const noexcept {
        return stopping_.load(std::memory_order_acquire);
    }
    void set_stopping(bool stopping) noexcept {
        stopping_.store(stopping, std::memory_order_release);
    }

    [[nodiscard]] const noa_host& table() const noexcept { return *table_; }
    [[nodiscard]] noa_context context() const noexcept { return context_; }

    [[nodiscard]] noa_outgoing outgoing(Body body, SendOptions options) const noexcept {
        noa_outgoing message{};
        message.struct_size = sizeof message;
        message.priority = static_cast<std::uint32_t>(options.priority);
        message.content_type = to_str(body.content_type);
        message.traceparent = to_str(options.traceparent);
        if (body.buffer != nullptr && *body.buffer) {
            body.buffer->put_into(message);
        } else {
            message.body = to_bytes(body.bytes);
        }
        if (options.timeout > Duration::zero()) {
            message.deadline_ns = (now() + options.timeout).time_since_epoch().count();
        }
        return message;
    }
    static void address(noa_outgoing& message, Peer to) noexcept {
        message.to = to.address;
        message.to_name = to_str(to.name);
    }
    [[nodiscard]] static Error refusal(noa_status status, std::string_view subject,
                                       const noa_receipt& receipt) {
        std::string text = std::string(subject).append(" was not accepted: ");
        text.append(name_of(status));
        if (status == NOA_E_BUSY) {
            text.append(", ").append(std::to_string(receipt.depth)).append(" messages wait");
        }
        return {status, std::move(text), std::chrono::milliseconds(receipt.retry_after_ms)};
    }

private:
    const noa_host* table_;
    noa_context context_;
    std::atomic<bool> stopping_{false};
};

} // namespace noa::sdk
