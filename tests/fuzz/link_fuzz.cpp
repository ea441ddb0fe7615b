// Whatever a runner, or a host, writes to the link: nothing is read beyond a frame, and what is
// understood is bounded.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "link/channel.hpp"
#include "link/protocol.hpp"

namespace {

using namespace noa::link;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// Memory of exactly its size, so that a byte too far is seen.
std::vector<char> exact(std::string_view payload) {
    return {payload.begin(), payload.end()};
}

void read_all_forms(std::string_view payload) {
    const auto bytes = exact(payload);
    const std::string_view view_of(bytes.data(), bytes.size());
    Reader message(view_of);
    const auto incoming = read_message(message);
    check(!message.whole() || view(incoming.message.subject).size() <= NOA_SUBJECT_MAX);
    Reader outgoing(view_of);
    static_cast<void>(read_outgoing(outgoing));
    Reader error(view_of);
    const auto said = read_error(error);
    check(said.reason.size() <= 1024);
    Reader receipt(view_of);
    static_cast<void>(read_receipt(receipt));
    Reader facts(view_of);
    static_cast<void>(read_facts(facts));
    Reader grant(view_of);
    static_cast<void>(read_grant(grant));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return 0;
    }
    noa::UniqueFd sender(ends[0]);
    Channel channel{noa::UniqueFd(ends[1])};
    size = std::min<std::size_t>(size, 65'536); // what a socket takes at once
    static_cast<void>(!::send(sender.get(), data, size, MSG_DONTWAIT));
    sender.reset();
    while (channel.receive() == Channel::Got::some) {
        while (auto frame = channel.next()) {
            check(frame->payload.size() <= payload_max);
            read_all_forms(frame->payload);
        }
    }
    read_all_forms({reinterpret_cast<const char*>(data), size});
    return 0;
}
