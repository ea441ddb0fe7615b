// Whatever an agent asks to listen on: refused, or understood as one address with one form.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/listen_address.hpp"

namespace {

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Memory of exactly its size, so that a byte too far is seen.
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto address = noa::ListenAddress::parse(text);
    if (!address) {
        check(address.error().text().size() < 512);
        return 0;
    }
    check(address->size() <= sizeof(sockaddr_storage));
    check(address->path().size() <= noa::ListenAddress::max_path);
    const auto again = noa::ListenAddress::parse(address->text());
    check(again && again->text() == address->text() && again->family() == address->family());
    return 0;
}
