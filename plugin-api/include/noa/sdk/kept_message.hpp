// A message that outlives the call that received it, without a copy.
#pragma once

#include <utility>

#include "noa/sdk/host.hpp"

namespace noa::sdk {

// From Agent::keep. Goes from thread to thread like any value; released with the object, and by
// the host at the end of the generation. Says nothing of the delivery: answer that as ever.
class KeptMessage {
public:
    KeptMessage() = default;
    KeptMessage(KeptMessage&& other) noexcept
        : host_(std::exchange(other.host_, nullptr)), message_(other.message_) {}
    KeptMessage& operator=(KeptMessage&& other) noexcept {
        if (this != &other) {
            reset();
            host_ = std::exchange(other.host_, nullptr);
            message_ = other.message_;
        }
        return *this;
    }
    KeptMessage(const KeptMessage&) = delete;
    KeptMessage& operator=(const KeptMessage&) = delete;
    ~KeptMessage() { reset(); }

    // [lane], in the call that received it.
    [[nodiscard]] static Result<KeptMessage> of(const Host& host, const noa_message& message) {
        const noa_message* kept = nullptr;
        if (const noa_status status = host.table().retain(host.context(), &message, &kept);
            status != NOA_OK) {
            return to_status(status, "keep a message").error();
        }
        return KeptMessage(host, *kept);
    }

    [[nodiscard]] explicit operator bool() const noexcept { return host_ != nullptr; }
    // REQUIRES: not empty. Views from it live as long as this object.
    [[nodiscard]] const Message* operator->() const noexcept { return &message_; }
    [[nodiscard]] const Message& operator*() const noexcept { return message_; }

    void reset() noexcept {
        if (const Host* host = std::exchange(host_, nullptr)) {
            host->table().release(host->context(), &message_.raw());
        }
    }

private:
    KeptMessage(const Host& host, const noa_message& kept) noexcept
        : host_(&host), message_(kept) {}

    static inline constexpr noa_message nothing{};

    const Host* host_ = nullptr;
    Message message_{nothing};
};

} // namespace noa::sdk
