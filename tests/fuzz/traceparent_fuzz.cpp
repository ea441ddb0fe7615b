// Whatever comes in a traceparent: refused, or understood as one context with one form.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/trace_context.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Memory of exactly its size, so that a byte too far is seen.
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto context = noa::parse_traceparent(text);
    if (context && context->sampled != noa::says_sampled(text)) {
        std::abort();
    }
    if (!context) {
        return 0;
    }
    const auto again = noa::parse_traceparent(noa::to_traceparent(*context));
    if (!again || *again != *context) {
        std::abort();
    }
    return 0;
}
