// Reads a JSON document of a repository in one pass, member by member: nothing is built that
// nobody asked for, and nothing nests deeper than a bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace backup {

// Every function returns false when what comes is not what it wants; all do from then on.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) noexcept
        : at_(text.data()), end_(at_ + text.size()) {}

    // `member(key)` has to read the value, or skip() it, and say whether that went well.
    template <class F>
    bool object(F member) {
        if (!enter('{')) {
            return false;
        }
        for (bool first = true; !leave('}', first); first = false) {
            std::string key;
            if (!ok_ || !text(key) || !take(':') || !member(std::string_view(key))) {
                return fail();
            }
        }
        return ok_;
    }
    // `element()` likewise. null is an array of nothing.
    template <class F>
    bool array(F element) {
        if (null()) {
            return true;
        }
        if (!enter('[')) {
            return false;
        }
        for (bool first = true; !leave(']', first); first = false) {
            if (!ok_ || !element()) {
                return fail();
            }
        }
        return ok_;
    }
    bool text(std::string& out);
    bool number(std::uint64_t& out);
    bool signed_number(std::int64_t& out);
    bool boolean(bool& out);
    bool null(); // takes it when it is there; false is no failure
    bool skip();
    // Whether all was read and nothing follows.
    [[nodiscard]] bool finished();

private:
    static constexpr unsigned deepest = 16;

    bool fail() noexcept { return ok_ = false; }
    void space() noexcept;
    [[nodiscard]] char peek() noexcept;
    bool take(char wanted) noexcept;
    bool enter(char bracket) noexcept;
    bool leave(char bracket, bool first) noexcept;
    bool literal(std::string_view word) noexcept;
    bool escape(std::string& out);
    bool hex4(std::uint32_t& out) noexcept;

    const char* at_;
    const char* end_;
    unsigned depth_ = 0;
    bool ok_ = true;
};

// As encoding/json of Go writes it, so that what did not change has the same hash whoever wrote it.
void append_json_text(std::string& out, std::string_view text);
void append_utf8(std::string& out, std::uint32_t code);
// Bytes of the character at the front, 0 for none that is valid.
[[nodiscard]] std::size_t utf8_size(std::string_view text) noexcept;

} // namespace backup
