#include "bus/host_port.hpp"

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

using HostPortTest = BusTest;

// Names are kept for the life of a host: asking for one must not make it.
TEST_F(HostPortTest, names_that_nobody_has_take_no_place) {
    auto port = must(HostPort::open(*bus_));
    const auto before = bus_->routes().count();
    for (std::size_t i = 0; i < RouteTable::max_names + 10; ++i) {
        const auto name = "nobody-" + std::to_string(i);
        const auto called = port->call(name, "op", "", std::chrono::seconds(1));
        ASSERT_FALSE(called);
        EXPECT_EQ(called.error().code, Errc::not_found);
        ASSERT_FALSE(port->send(name, "op", ""));
    }
    EXPECT_EQ(bus_->routes().count(), before);
    EXPECT_NE(bus_->routes().resolve("somebody"), nullptr);
}

} // namespace
} // namespace noa::bus::testing
