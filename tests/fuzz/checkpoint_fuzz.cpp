// Whatever lies in a checkpoint's file, its digest right: nothing is read beyond it, and what is
// understood could have been sent.
#include <cstdlib>

#include "base/digest.hpp"
#include "base/names.hpp"
#include "supervise/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace noa;
    static bus::RouteTable routes; // full after a while: refused from then on
    const std::string content(reinterpret_cast<const char*>(data), size);
    const auto read = [&](const std::string& bytes) {
        const auto got = supervise::checkpoint_from_bytes(bytes, "fuzz", routes, {1, 1});
        if (!got) {
            return;
        }
        for (const auto& item : got->messages) {
            if (item.record->wants_answer() || !is_subject(item.record->subject()) ||
                item.record->body_bytes > NOA_BODY_MAX) {
                std::abort();
            }
        }
    };
    read(content);
    for (std::size_t messages = 0; messages < 3; ++messages) {
        read(R"({"noa_checkpoint":1,"schema":1,"state_bytes":)" +
             std::to_string(size == 0 ? 0 : data[0] % size) + R"(,"messages":)" +
             std::to_string(messages) + R"(,"sha256":")" + digest_of(content) + "\"}\n" + content);
    }
    return 0;
}
