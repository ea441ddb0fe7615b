// The members of a JSON object, as they stand in its text: what is in them is checked, not built.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "noa/sdk.hpp"
#include "noa/sdk/function.hpp"

namespace communication {

enum class JsonType : std::uint8_t { object, array, text, number, boolean, null };

// A view into the text that was scanned; a text with its quotes.
struct JsonSpan {
    std::string_view text;
    JsonType type = JsonType::null;
};

// Where a scan is. REQUIRES of all: what it is made of outlives it.
class JsonScan {
public:
    explicit JsonScan(std::string_view text) noexcept : text_(text) {}

    // The next value, whole and good: RFC 8259, UTF-8, 64 deep at most. NOA_E_INVALID with where.
    noa::Result<JsonSpan> value();
    // Nothing but white space is left.
    noa::Status end();

    // `take(key, span)` for each member or item of one that value() gave; it returns a Status.
    // Keys are unescaped.
    template <class Take>
    static noa::Status members(std::string_view object, Take&& take) {
        JsonScan scan(object.substr(1));
        for (bool first = true;; first = false) {
            if (scan.next_is('}')) {
                return {};
            }
            if (!first && !scan.next_is(',')) {
                return scan.broken();
            }
            const auto key = scan.value();
            if (!key || key->type != JsonType::text || !scan.next_is(':')) {
                return scan.broken();
            }
            const auto value = scan.value();
            if (!value) {
                return value.error();
            }
            const std::string_view plain = key->text.substr(1, key->text.size() - 2);
            noa::Status taken = plain.find('\\') == std::string_view::npos
                                    ? take(plain, *value)
                                    : take(std::string_view(unescaped(key->text)), *value);
            if (!taken) {
                return taken;
            }
        }
    }
    template <class Take>
    static noa::Status items(std::string_view array, Take&& take) {
        JsonScan scan(array.substr(1));
        for (bool first = true;; first = false) {
            if (scan.next_is(']')) {
                return {};
            }
            if (!first && !scan.next_is(',')) {
                return scan.broken();
            }
            const auto value = scan.value();
            if (!value) {
                return value.error();
            }
            if (noa::Status taken = take(*value); !taken) {
                return taken;
            }
        }
    }

    // What a text says. REQUIRES: one that value() gave, with its quotes.
    [[nodiscard]] static std::string unescaped(std::string_view quoted);

private:
    bool next_is(char wanted) noexcept;
    void skip_space() noexcept;
    [[nodiscard]] noa::sdk::Error broken() const;
    bool skip_value(unsigned depth, JsonType& ret_type);
    bool skip_container(unsigned depth, char close);
    bool skip_text();
    bool skip_escape();
    bool skip_utf8();
    bool skip_number();
    bool skip_word(std::string_view word) noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace communication
