// From a handler of whatever shape to the one shape that the table of operations calls.
//
// A handler takes (const Request&), nothing, or a decoded T, and then what it needs of
// (const Request&) and (Responder). It returns what it answers: nothing, a body, a T that
// encodes, or a Result of these. One that takes a Responder answers through that instead.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "noa/sdk/codec.hpp"
#include "noa/sdk/function.hpp"
#include "noa/sdk/host.hpp"
#include "noa/sdk/responder.hpp"

namespace noa::sdk {

// One call of handle.
struct Dispatch {
    const Host& host;
    Handling& handling;
    const noa_message& message;
    noa_delivery delivery;
    noa_error& error;
};

using Dispatcher = Function<noa_status(Dispatch&)>;

inline noa_status settle_error(Dispatch& call, const Error& error) {
    if (error.status != NOA_E_RETRY || error.retry_after.count() <= 0) {
        return fill(call.error, error);
    }
    // Only settle can say how long to wait.
    const noa_status status = call.host.table().settle(
        call.host.context(), call.delivery, NOA_E_RETRY, to_str(error.text),
        static_cast<std::uint32_t>(error.retry_after.count()));
    return status == NOA_OK ? NOA_OK : fill(call.error, error);
}

inline noa_status settle_body(Dispatch& call, Body body) {
    if (!Request(call.message).wants_reply()) {
        return NOA_OK;
    }
    const noa_outgoing reply = call.host.outgoing(body, {});
    const noa_status status = call.host.table().reply(call.host.context(), call.delivery, &reply);
    if (status == NOA_OK) {
        body.taken();
    }
    if (status == NOA_OK || status == NOA_E_RETIRED) {
        return NOA_OK; // RETIRED: somebody else's already; nothing is left to say
    }
    return fill(call.error, status, "the reply could not be sent");
}

template <class Value>
noa_status settle_value(Dispatch& call, Value&& value) {
    using T = std::remove_cvref_t<Value>;
    if constexpr (is_result<T>) {
        if (!value) {
            return settle_error(call, value.error());
        }
        if constexpr (std::is_void_v<typename T::value_type>) {
            return NOA_OK;
        } else {
            return settle_value(call, *std::forward<Value>(value));
        }
    } else if constexpr (std::convertible_to<Value&&, Body>) {
        return settle_body(call, std::forward<Value>(value));
    } else {
        static_assert(Encodable<T>, "an operation returns nothing, a body, or a type with a "
                                    "Codec (include noa/sdk/json.hpp for JSON)");
        const Result<OwnedBody> body = Codec<T>::encode(value);
        return body ? settle_body(call, *body) : settle_error(call, body.error());
    }
}

// The types of a handler's call operator, where it is not a template.
template <class F>
struct Parameters : Parameters<decltype(&F::operator())> {};
template <class R, class F>
struct Parameters<R (F::*)()> {
    using First = void;
    using Return = R;
};
template <class R, class F>
struct Parameters<R (F::*)() const> : Parameters<R (F::*)()> {};
template <class R, class F, class A, class... Rest>
struct Parameters<R (F::*)(A, Rest...)> {
    using First = std::remove_cvref_t<A>;
    using Return = R;
};
template <class R, class F, class A, class... Rest>
struct Parameters<R (F::*)(A, Rest...) const> : Parameters<R (F::*)(A, Rest...)> {};

template <class F, class... Args>
noa_status run_handler(Dispatch& call, F& handler, Args&&... args) {
    if constexpr (std::is_invocable_v<F&, Args..., Responder>) {
        handler(std::forward<Args>(args)..., Responder(call.host, call.handling, call.delivery));
        return NOA_DEFERRED;
    } else if constexpr (std::is_void_v<std::invoke_result_t<F&, Args...>>) {
        handler(std::forward<Args>(args)...);
        return NOA_OK;
    } else {
        return settle_value(call, handler(std::forward<Args>(args)...));
    }
}

template <class F, class... Args>
inline constexpr bool handles =
    std::is_invocable_v<F&, Args...> || std::is_invocable_v<F&, Args..., Responder>;

template <class F>
inline constexpr bool is_raw = handles<F, const Request&>;

// The schemas that come with a handler's types, for `describe`.
template <class T>
std::string schema_of() {
    if constexpr (is_result<T>) {
        return schema_of<typename T::value_type>();
    } else if constexpr (Described<T>) {
        return Codec<T>::schema();
    } else {
        return {};
    }
}
template <class F>
std::string request_schema_of() {
    if constexpr (is_raw<F>) {
        return {};
    } else {
        return schema_of<typename Parameters<F>::First>();
    }
}
template <class F>
std::string reply_schema_of() {
    if constexpr (requires { typename Parameters<F>::Return; }) {
        return schema_of<typename Parameters<F>::Return>();
    } else {
        return {};
    }
}

template <class F>
noa_status run_typed(Dispatch& call, F& handler) {
    using T = typename Parameters<F>::First;
    if constexpr (std::is_void_v<T>) {
        return run_handler(call, handler);
    } else {
        static_assert(Decodable<T>, "an operation takes (const Request&), nothing, or a type "
                                    "with a Codec (include noa/sdk/json.hpp for JSON)");
        Result<T> value = Codec<T>::decode(view(call.message.body), Extra::refused);
        if (!value) {
            return settle_error(call, value.error());
        }
        if constexpr (handles<F, T, const Request&>) {
            return run_handler(call, handler, std::move(*value), Request(call.message));
        } else {
            return run_handler(call, handler, std::move(*value));
        }
    }
}

template <class F>
Dispatcher make_dispatcher(F handler) {
    return [handler = std::move(handler)](Dispatch& call) mutable -> noa_status {
        if constexpr (is_raw<F>) {
            return run_handler(call, handler, Request(call.message));
        } else {
            return run_typed(call, handler);
        }
    };
}

} // namespace noa::sdk
