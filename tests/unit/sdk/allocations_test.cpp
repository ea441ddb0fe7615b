// The way of a raw operation from the host to its handler and back allocates nothing.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "noa/sdk.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

} // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace noa::sdk {
namespace {

std::size_t replies = 0;

noa_host quiet_host() {
    noa_host host{};
    host.struct_size = sizeof host;
    host.extension = [](noa_context, const char*) -> const void* { return nullptr; };
    host.now_ns = [](noa_context) -> std::int64_t { return 1; };
    host.on_lane = [](noa_context) -> std::uint32_t { return 1; };
    host.log = [](noa_context, std::uint32_t, noa_str, noa_str) {};
    host.reply = [](noa_context, noa_delivery, const noa_outgoing*) -> noa_status {
        ++replies;
        return NOA_OK;
    };
    host.request = [](noa_context, const noa_outgoing*, std::uint64_t tag,
                      noa_receipt*) -> noa_status { return tag == 0 ? NOA_E_INVALID : NOA_OK; };
    return host;
}

class Raw final : public Agent {
public:
    static constexpr PluginInfo info{.id = "raw", .version = "1"};
    void setup(Setup& setup) override {
        setup.operation("echo", [](const Request& request) { return request.body(); });
        setup.operation("respond", [](const Request& request, Responder responder) {
            responder.reply(request.body());
        });
        setup.operation("ask", [this](const Request& query, Responder responder) {
            request("other", "op", query.body())
                .then([r = std::move(responder)](const Reply& reply) mutable { r.reply(reply); });
        });
    }
};

class Allocations : public ::testing::Test {
public:
    Allocations() {
        noa_error error{};
        EXPECT_EQ(plugin_table<Raw>.create(&host, 1, &agent, &error), NOA_OK);
    }
    ~Allocations() override { plugin_table<Raw>.destroy(agent); }

    noa_status call(std::string_view operation, noa_delivery delivery) {
        noa_message message{};
        message.struct_size = sizeof message;
        message.kind = NOA_MESSAGE_REQUEST;
        message.subject = to_str(operation);
        message.body = to_bytes("sixty-four bytes are what the benchmarks of the bus send about");
        noa_error error{};
        return plugin_table<Raw>.handle(agent, &message, delivery, &error);
    }

    const noa_host host = quiet_host();
    noa_agent* agent = nullptr;
};

TEST_F(Allocations, AreNotMadeByARawOperation) {
    replies = 0;
    const std::size_t before = allocations;
    for (noa_delivery delivery = 1; delivery <= 100; ++delivery) {
        ASSERT_EQ(call("echo", delivery), NOA_OK);
        ASSERT_EQ(call("respond", delivery), NOA_OK);
    }
    EXPECT_EQ(allocations - before, 0U);
    EXPECT_EQ(replies, 200U);
}

TEST_F(Allocations, AreNotMadeByARequestOnceItsSlotExists) {
    ASSERT_EQ(call("ask", 1), NOA_DEFERRED);
    plugin_table<Raw>.on_reply(agent, std::uint64_t{1} << 32U, NOA_OK, nullptr);
    const std::size_t before = allocations;
    for (std::uint64_t turn = 2; turn < 100; ++turn) {
        ASSERT_EQ(call("ask", turn), NOA_DEFERRED);
        plugin_table<Raw>.on_reply(agent, turn << 32U, NOA_OK, nullptr);
    }
    EXPECT_EQ(allocations - before, 0U);
}

} // namespace
} // namespace noa::sdk
