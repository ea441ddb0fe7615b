// The duty to answer one request: now, later, from any thread, but exactly once.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "noa/sdk/codec.hpp"
#include "noa/sdk/host.hpp"

namespace noa::sdk {

// The delivery that the lane is handling this moment, so that an answer or a drop inside the
// handler is settled by the handler's return. Written on the lane only.
struct Handling {
    std::atomic<noa_delivery> delivery{0};
    bool answered = false;
    bool dropped = false;
};

// Moved, not copied. Dropped without an answer it tells the asker so; dropped while the agent
// stops it leaves the request to the next generation.
class Responder {
public:
    Responder(const Host& host, Handling& handling, noa_delivery delivery) noexcept
        : host_(&host), handling_(&handling), delivery_(delivery) {}
    Responder(Responder&& other) noexcept
        : host_(std::exchange(other.host_, nullptr)), handling_(other.handling_),
          delivery_(other.delivery_) {}
    Responder& operator=(Responder&& other) noexcept {
        if (this != &other) {
            drop();
            host_ = std::exchange(other.host_, nullptr);
            handling_ = other.handling_;
            delivery_ = other.delivery_;
        }
        return *this;
    }
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder() { drop(); }

    // True until it was answered.
    [[nodiscard]] explicit operator bool() const noexcept { return host_ != nullptr; }

    // Each answers and returns true; false when it came too late: the message was answered
    // before, or has gone to another generation.
    bool reply(Body body = {}) {
        const Host* host = take();
        if (host == nullptr) {
            return false;
        }
        const noa_outgoing message = host->outgoing(body, {});
        const noa_status status = host->table().reply(host->context(), delivery_, &message);
        if (status == NOA_OK) {
            body.taken();
        }
        if (status != NOA_OK && status != NOA_E_RETIRED) {
            settle(*host, status, "the reply could not be sent", 0);
        }
        return status == NOA_OK;
    }
    template <EncodableValue T>
    bool reply(const T& value) {
        Result<OwnedBody> body = Codec<T>::encode(value);
        return body ? reply(Body(*body)) : fail(body.error());
    }
    template <class R>
    requires is_result<std::remove_cvref_t<R>>
    bool reply(R&& result) {
        if (!result) {
            return fail(result.error());
        }
        if constexpr (std::is_void_v<typename std::remove_cvref_t<R>::value_type>) {
            return reply(Body());
        } else {
            return reply(*std::forward<R>(result));
        }
    }
    // Passes on what somebody else answered.
    bool reply(const Reply& reply_of_other) {
        return reply_of_other.ok()
                   ? reply(Body(reply_of_other.body(), reply_of_other.content_type()))
                   : fail(reply_of_other.error());
    }
    bool fail(const Error& error) {
        const Host* host = take();
        return host != nullptr && settle(*host, error.status, error.text,
                                         static_cast<std::uint32_t>(error.retry_after.count()));
    }

private:
    [[nodiscard]] bool being_handled() const noexcept {
        return handling_->delivery.load(std::memory_order_relaxed) == delivery_ && host_->on_lane();
    }
    const Host* take() noexcept {
        if (host_ != nullptr && being_handled()) {
            handling_->answered = true;
        }
        return std::exchange(host_, nullptr);
    }
    bool settle(const Host& host, noa_status status, std::string_view text,
                std::uint32_t retry_after_ms) const noexcept {
        return host.table().settle(host.context(), delivery_, status, to_str(text),
                                   retry_after_ms) == NOA_OK;
    }
    void drop() noexcept {
        if (host_ == nullptr) {
            return;
        }
        if (being_handled()) {
            handling_->dropped = true;
        } else if (!host_->stopping()) {
            settle(*host_, NOA_E_INTERNAL, "the agent dropped the request without an answer", 0);
        }
        host_ = nullptr;
    }

    const Host* host_;
    Handling* handling_;
    noa_delivery delivery_;
};

} // namespace noa::sdk
