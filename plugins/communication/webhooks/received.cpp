#include "received.hpp"

#include <algorithm>
#include <charconv>

#include <sodium.h>

#include "endpoint.hpp"

namespace communication {

namespace {

constexpr std::size_t longest_received_id = 128;
constexpr std::size_t most_signatures = 16;
constexpr std::string_view version = "v1,";

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= longest_received_id &&
           std::ranges::all_of(text, [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') ||
                      std::string_view("_-:/@+=").find(letter) != std::string_view::npos;
           });
}

bool same(std::string_view one, std::string_view other) {
    return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

// What stands before the first blank, taken off.
std::string_view next_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

} // namespace

noa::Status verify(const ReceivedWebhook& received, const std::vector<std::string>& keys,
                   std::int64_t now_s) {
    if (!is_id(received.id)) {
        return noa::invalid("webhook-id: must be letters, digits and _-:/@+=, 128 at most");
    }
    std::int64_t stamp = 0;
    const char* end = received.timestamp.data() + received.timestamp.size();
    const auto [rest, error] = std::from_chars(received.timestamp.data(), end, stamp);
    if (error != std::errc() || rest != end || stamp < 0) {
        return noa::invalid("webhook-timestamp: must be seconds since 1970");
    }
    if (stamp < now_s - webhook_tolerance_s || stamp > now_s + webhook_tolerance_s) {
        return noa::sdk::Error{NOA_E_DENIED, "webhook-timestamp: over 5 minutes from now"};
    }
    const std::string wanted = signatures(keys, received.id, stamp, received.body);
    std::string_view told = received.signature;
    for (std::size_t count = 0; !told.empty() && count < most_signatures; ++count) {
        const std::string_view one = next_word(told);
        std::string_view left = wanted;
        bool fits = false;
        while (!left.empty()) {
            fits = same(one, next_word(left)) || fits;
        }
        if (fits && one.starts_with(version)) {
            return {};
        }
    }
    return noa::sdk::Error{NOA_E_DENIED, "webhook-signature: none of them is by its secret"};
}

} // namespace communication
