// What a server streams that speaks OpenAI's chat completions: server-sent events whose data is a
// `chat.completion.chunk`, the last one `[DONE]`.
// https://platform.openai.com/docs/api-reference/chat/streaming
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "noa/sdk/result.hpp"

namespace drafting::assist {

class CompletionStream {
public:
    // `most`: bytes of text in all.
    explicit CompletionStream(std::size_t most) : most_(most) {}

    // Takes bytes as they come, and returns the text that they bring. FAILED: the server says so,
    // or it is no such stream; TOO_LARGE: more than there may be.
    [[nodiscard]] noa::sdk::Result<std::string> add(std::string_view bytes);

    // Whether it came to its end; the connection may close before.
    [[nodiscard]] bool is_done() const noexcept { return done_; }
    // "stop", "length", …, as the server said; empty: nothing.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    static constexpr std::size_t longest_line = 256U << 10U;

    [[nodiscard]] noa::sdk::Status take(std::string_view line, std::string& brought);

    std::size_t most_;
    std::string rest_; // of a line
    std::string text_;
    std::string reason_;
    bool done_ = false;
};

} // namespace drafting::assist
