// Requests as clients send them: arrays of bulk strings, or lines of words ("inline").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cache::resp {

using Args = std::span<const std::string_view>;

inline constexpr std::size_t longest_line = 64U << 10U;    // inline, and of a number
inline constexpr std::int64_t most_elements = 1'048'576;   // of an array
inline constexpr std::int64_t longest_bulk = 32LL << 20U;  // the store's largest value
inline constexpr std::size_t largest_request = 64U << 20U; // all elements

// What a client may announce; less before it has authenticated.
struct RequestLimits {
    std::int64_t elements = most_elements;
    std::int64_t bulk = longest_bulk;
    bool restricted = false;

    static constexpr RequestLimits stranger() { return {10, 16'384, true}; }
};

// Reads one request after another from bytes that grow at their end and may move in between.
// Memory is taken for what has come, not for what is announced.
class RequestReader {
public:
    enum class State : std::uint8_t {
        incomplete, // more is to come
        ready,      // `args`
        broken,     // `fault`: the stream cannot be made sense of any more
    };

    // Goes on with the request that begins at `bytes`, which holds what it held before and more.
    State read(std::string_view bytes, const RequestLimits& limits = {});
    // Of the request that is ready: views into `bytes` and the reader, until the next call. None
    // where a client has sent an empty line.
    [[nodiscard]] Args args() const noexcept { return args_; }
    // Bytes of it; the next one begins behind.
    [[nodiscard]] std::size_t size() const noexcept { return at_; }
    [[nodiscard]] std::string_view fault() const noexcept { return fault_; }
    // How many bytes are sure to be missing of an incomplete one; 0: not known.
    [[nodiscard]] std::size_t missing(std::size_t have) const noexcept;
    // To the beginning of a request.
    void next() noexcept;

private:
    struct Part {
        std::size_t begin;
        std::size_t size;
    };

    State start(std::string_view bytes, const RequestLimits& limits);
    State read_line(std::string_view bytes);
    State read_header(std::string_view bytes, const RequestLimits& limits);
    State read_elements(std::string_view bytes, const RequestLimits& limits);
    bool split(std::string_view line);
    bool word(std::string_view& line, std::string& out) const;
    State broken(std::string text);

    std::size_t at_ = 0;       // read so far
    std::size_t searched_ = 0; // no end of line before it
    std::int64_t left_ = -1;   // elements to come; -1: the request has not begun
    std::int64_t bulk_ = -1;   // bytes of the element at hand; -1: not known
    std::vector<Part> parts_;
    std::vector<std::string_view> args_;
    std::vector<std::string> words_; // of a line
    std::string fault_;
};

} // namespace cache::resp
