// Any bytes at all: a refusal or facts, never a crash.
#include <cstddef>
#include <cstdint>
#include <span>

#include "plugin/scan_bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    noa::plugin::ScanOptions options;
    options.allow_pinned = size % 2 == 0;
    const auto facts =
        noa::plugin::scan_bytes(std::as_bytes(std::span(data, size)), "fuzz", options);
    if (!facts && facts.error().reason.empty()) {
        __builtin_trap();
    }
    return 0;
}
