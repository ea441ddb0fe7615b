#include "base/listen_address.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <gtest/gtest.h>

namespace noa {
namespace {

TEST(listen_address, takes_numeric_tcp_and_absolute_paths) {
    for (const auto* text : {"tcp:127.0.0.1:6379", "tcp:0.0.0.0:0", "tcp:[::1]:65535", "tcp:[::]:1",
                             "unix:/run/noa/cache.sock", "unix:/a"}) {
        const auto address = ListenAddress::parse(text);
        ASSERT_TRUE(address) << address.error().text();
        EXPECT_EQ(address->text(), text);
    }
}

TEST(listen_address, has_one_form_for_all_spellings) {
    EXPECT_EQ(ListenAddress::parse("tcp:[0:0::0:1]:080")->text(), "tcp:[::1]:80");
    EXPECT_EQ(ListenAddress::parse("tcp:[FE80::0A]:1")->text(), "tcp:[fe80::a]:1");
    EXPECT_EQ(ListenAddress::parse("tcp:127.0.0.1:0")->text(), "tcp:127.0.0.1:0");
}

TEST(listen_address, fills_what_bind_wants) {
    const auto ipv4 = ListenAddress::parse("tcp:127.0.0.1:6379");
    const auto& in = reinterpret_cast<const sockaddr_in&>(*ipv4->address());
    EXPECT_EQ(ipv4->family(), AF_INET);
    EXPECT_EQ(ipv4->size(), sizeof in);
    EXPECT_EQ(in.sin_port, htons(6379));
    EXPECT_EQ(in.sin_addr.s_addr, htonl(INADDR_LOOPBACK));

    const auto ipv6 = ListenAddress::parse("tcp:[::1]:6379");
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(*ipv6->address());
    EXPECT_EQ(ipv6->family(), AF_INET6);
    EXPECT_EQ(in6.sin6_port, htons(6379));

    const auto local = ListenAddress::parse("unix:/run/x");
    const auto& un = reinterpret_cast<const sockaddr_un&>(*local->address());
    EXPECT_EQ(local->family(), AF_UNIX);
    EXPECT_STREQ(un.sun_path, "/run/x");
    EXPECT_EQ(local->path(), "/run/x");
}

TEST(listen_address, refuses_what_breaks_the_form) {
    using std::string_view_literals::operator""sv;
    for (const auto text : {""sv,
                            "tcp:"sv,
                            "tcp"sv,
                            "tcp::"sv,
                            "tcp::80"sv,
                            "tcp:80"sv,
                            "tcp:localhost:80"sv,
                            "tcp:127.0.0.1"sv,
                            "tcp:127.0.0.1:"sv,
                            "tcp:127.0.0.1:65536"sv,
                            "tcp:127.0.0.1:-1"sv,
                            "tcp:127.0.0.1:+1"sv,
                            "tcp:127.0.0.1: 1"sv,
                            "tcp:127.0.0.1:1 "sv,
                            "tcp:127.1:1"sv,
                            "tcp:127.0.0.1\0:1"sv,
                            "tcp:::1:80"sv,
                            "tcp:[::1]"sv,
                            "tcp:[::1]80"sv,
                            "tcp:[]:80"sv,
                            "tcp:[::1%lo]:80"sv,
                            "tcp:[127.0.0.1]:80"sv,
                            "udp:127.0.0.1:1"sv,
                            "TCP:127.0.0.1:1"sv,
                            " tcp:127.0.0.1:1"sv,
                            "unix:"sv,
                            "unix:/"sv,
                            "unix:relative"sv,
                            "unix:@abstract"sv,
                            "unix:/dir/"sv,
                            "unix:/a\0b"sv,
                            "unix:/a\nb"sv,
                            "unix:/a\x7f"sv,
                            "unix:/\xff"sv}) {
        EXPECT_FALSE(ListenAddress::parse(text)) << text;
    }
}

TEST(listen_address, refuses_a_path_that_would_be_cut) {
    const auto of_size = [](std::size_t size) {
        return ListenAddress::parse("unix:/" + std::string(size - 1, 'x'));
    };
    EXPECT_TRUE(of_size(ListenAddress::max_path));
    ASSERT_FALSE(of_size(ListenAddress::max_path + 1));
    EXPECT_NE(of_size(200).error().text().find("107 bytes"), std::string::npos);
}

TEST(listen_address, a_refusal_is_short_and_printable_whatever_it_was_given) {
    const auto address = ListenAddress::parse("unix:/" + std::string(100'000, '\xff'));
    ASSERT_FALSE(address);
    EXPECT_LT(address.error().text().size(), 300U);
}

} // namespace
} // namespace noa
