// Requests to other agents. Nothing waits: the end of a request is a call on the lane.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "noa/sdk/codec.hpp"
#include "noa/sdk/dispatch.hpp"
#include "noa/sdk/function.hpp"
#include "noa/sdk/host.hpp"
#include "noa/sdk/slots.hpp"

namespace noa::sdk {

using Continuation = Function<void(const Reply&)>;

// What is still open.  [lane] every function.
class Requests {
public:
    explicit Requests(const Host& host) : host_(&host) {}

    // `then` is called exactly once; at once, before this returns, when the host refuses.
    void begin(Peer to, std::string_view operation, Body body, SendOptions options,
               Continuation then) {
        if (!host_->on_lane()) {
            host_->log(Level::error, "request.off_lane", "requests are made on the lane; post()");
            return;
        }
        noa_outgoing message = host_->outgoing(body, options);
        Host::address(message, to);
        message.subject = to_str(operation);
        noa_receipt receipt{};
        receipt.struct_size = sizeof receipt;
        const std::uint64_t tag = open_.insert(std::move(then));
        const noa_status status = host_->table().request(host_->context(), &message, tag, &receipt);
        if (status == NOA_OK) {
            return;
        }
        if (Continuation refused = open_.take(tag)) {
            const Error error = Host::refusal(status, operation, receipt);
            refused(Reply(status, std::string_view(error.text)));
        }
    }

    void finish(std::uint64_t tag, noa_status status, const noa_message* message) {
        if (Continuation then = open_.take(tag)) {
            then(Reply(status, message));
        }
    }

    [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }
    void clear() noexcept { open_.clear(); }

private:
    const Host* host_;
    Slots<Continuation> open_;
};

// One request in the making; `then` sends it. Lives within one expression:
//     request("cache", "get", body).timeout(2s).then([](const Reply& reply) { … });
class [[nodiscard]] Call {
public:
    Call(Requests& requests, Peer to, std::string_view operation, Body body) noexcept
        : requests_(&requests), to_(to), operation_(operation), body_(body) {}

    Call&& timeout(Duration timeout) && noexcept {
        options_.timeout = timeout;
        return std::move(*this);
    }
    Call&& priority(Priority priority) && noexcept {
        options_.priority = priority;
        return std::move(*this);
    }

    // `done` takes (const Reply&), or a Result<T> of a T that has a Codec. It is called
    // exactly once, on the lane, whatever happens, unless the generation ends first; when the
    // host does not accept the request, before `then` returns.
    template <class F>
    void then(F done) && {
        requests_->begin(to_, operation_, body_, options_, continuation(std::move(done)));
    }

private:
    template <class F>
    static Continuation continuation(F done) {
        if constexpr (std::is_invocable_v<F&, const Reply&>) {
            return Continuation(std::move(done));
        } else {
            using Outcome = typename Parameters<F>::First;
            static_assert(is_result<Outcome>, "takes (const Reply&) or a Result<T>");
            using T = typename Outcome::value_type;
            return [done = std::move(done)](const Reply& reply) mutable {
                if (!reply) {
                    done(Outcome(reply.error()));
                } else if constexpr (std::is_void_v<T>) {
                    done(Outcome());
                } else {
                    done(Codec<T>::decode(reply.body(), Extra::ignored));
                }
            };
        }
    }

    Requests* requests_;
    Peer to_;
    std::string_view operation_;
    Body body_;
    SendOptions options_;
};

} // namespace noa::sdk
