// A language model behind an HTTP server that speaks OpenAI's chat completions: llama.cpp, Ollama,
// vLLM and others as well.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "noa/sdk/json.hpp"

namespace drafting::assist {

struct Terms {
    std::string url;  // before "/chat/completions", "http://127.0.0.1:8080/v1"
    std::string name; // of the model
    std::string key;  // a secret; empty: none
    std::string ca;   // a file of certificates; empty: the system's
    noa::Duration timeout = std::chrono::minutes(2);
    std::size_t most = 64U << 10U; // bytes of an answer
};

struct Wish {
    std::string instruction;
    std::string passage;
};

struct Written {
    std::string text;
    bool whole = false; // it came to its end; false: cut off by the server's limit
};

// Off the lane. `heard` has each piece as it comes, on the same thread. UNAVAILABLE: nobody
// answered; FAILED: the server's refusal; EXPIRED when it was asked to stop.
[[nodiscard]] noa::sdk::Result<Written> ask(const Terms& terms, const Wish& wish,
                                            const std::stop_token& stop,
                                            const std::function<void(std::string)>& heard);

} // namespace drafting::assist
