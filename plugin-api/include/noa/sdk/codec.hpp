// How a type becomes a body and a body a type. noa/sdk/json.hpp has one for everything that
// nlohmann-json can convert; another format is another specialization.
#pragma once

#include <concepts>
#include <string>

#include "noa/sdk/message.hpp"
#include "noa/sdk/result.hpp"

namespace noa::sdk {

// What a body may hold beyond what the type knows. Requests and settings are decoded strictly,
// so that a misspelt name is found; what others answer and publish may grow.
enum class Extra { refused, ignored };

// A specialization offers any of
//   static Result<T> decode(std::string_view body, Extra extra); // NOA_E_INVALID, saying where
//   static Result<OwnedBody> encode(const T& value);
//   static std::string schema();                        // JSON Schema draft-07; may be absent
template <class T>
struct Codec;

template <class T>
concept Decodable = requires(std::string_view body) {
    { Codec<T>::decode(body, Extra::ignored) } -> std::same_as<Result<T>>;
};

template <class T>
concept Encodable = requires(const T& value) {
    { Codec<T>::encode(value) } -> std::same_as<Result<OwnedBody>>;
};

template <class T>
concept EncodableValue = Encodable<T> && !std::convertible_to<const T&, Body>;

template <class T>
concept Described = requires {
    { Codec<T>::schema() } -> std::same_as<std::string>;
};

} // namespace noa::sdk
