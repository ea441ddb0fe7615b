// Whatever arrives at the gateway: nothing is read beyond the frames, and what is understood is
// written as it was read. The first byte says where the second frame begins.
#include <cstdlib>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "bus/wire.hpp"

namespace {

using namespace noa::bus;

std::vector<std::byte> exact(const std::uint8_t* data, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    return {bytes, bytes + size};
}

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// Memory of exactly its size, so that a byte too far is seen.
void read_and_write(const std::vector<std::byte>& first, const std::vector<std::byte>& second,
                    bool has_second) {
    wire::Message message;
    if (wire::decode(first, second, has_second, message) != wire::Fault::none) {
        return;
    }
    check(!noa::is_zero(message.id));
    std::vector<std::byte> written(wire::head_bytes(message));
    wire::write_head(message, written.data());
    check(std::equal(written.begin(), written.end(), first.begin()));
    check(has_second ? written.size() == first.size() && message.body.size() == second.size()
                     : written.size() + message.body.size() == first.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t cut = data[0];
    ++data;
    --size;
    read_and_write(exact(data, size), {}, false);
    if (cut <= size) {
        read_and_write(exact(data, cut), exact(data + cut, size - cut), true);
    }
    return 0;
}
