#include "base/listen_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace noa {
namespace {

namespace fs = std::filesystem;

ListenAddress address_of(const std::string& text) {
    return *ListenAddress::parse(text);
}

// 0, or why not.
int connect_to(const ListenAddress& address) {
    const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.address(), address.size()) == 0 ? 0 : errno;
}

class ListenSocketTest : public ::testing::Test {
protected:
    ListenSocketTest() {
        std::string name = (fs::temp_directory_path() / "noa-listen-XXXXXX").string();
        dir_ = ::mkdtemp(name.data());
    }
    ~ListenSocketTest() override { fs::remove_all(dir_); }

    [[nodiscard]] ListenAddress unix_address() const {
        return address_of("unix:" + (dir_ / "sock").string());
    }
    // What a process that was killed leaves behind.
    void leave_stale_socket() const {
        const auto address = unix_address();
        const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(fd.get(), address.address(), address.size()), 0);
        ASSERT_EQ(::listen(fd.get(), 1), 0);
    }
    [[nodiscard]] mode_t mode_of_file() const {
        struct stat found {};
        EXPECT_EQ(::lstat(unix_address().path().c_str(), &found), 0);
        return found.st_mode & 07777;
    }

    fs::path dir_;
};

TEST_F(ListenSocketTest, takes_connections_on_tcp) {
    auto socket = ListenSocket::open(address_of("tcp:127.0.0.1:0"), {});
    ASSERT_TRUE(socket) << socket.error().text();
    ASSERT_NE(socket->port(), 0);
    const auto bound = address_of("tcp:127.0.0.1:" + std::to_string(socket->port()));
    EXPECT_EQ(connect_to(bound), 0);
    EXPECT_NE(::fcntl(socket->fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(socket->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ListenSocketTest, an_ipv6_address_leaves_the_ipv4_one_free) {
    const auto ipv6 = ListenSocket::open(address_of("tcp:[::]:0"), {});
    if (!ipv6) {
        GTEST_SKIP() << ipv6.error().text();
    }
    const auto ipv4 =
        ListenSocket::open(address_of("tcp:0.0.0.0:" + std::to_string(ipv6->port())), {});
    EXPECT_TRUE(ipv4) << ipv4.error().text();
}

TEST_F(ListenSocketTest, an_address_in_use_is_said_in_the_words_of_the_system) {
    const auto first = ListenSocket::open(address_of("tcp:127.0.0.1:0"), {});
    const auto taken = "tcp:127.0.0.1:" + std::to_string(first->port());
    const auto second = ListenSocket::open(address_of(taken), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text(), "listen: " + taken + ": Address already in use");
}

TEST_F(ListenSocketTest, a_port_is_free_again_at_once) {
    auto first = ListenSocket::open(address_of("tcp:127.0.0.1:0"), {});
    const auto bound = address_of("tcp:127.0.0.1:" + std::to_string(first->port()));
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client.get(), bound.address(), bound.size()), 0);
    UniqueFd(::accept4(first->fd(), nullptr, nullptr, SOCK_CLOEXEC)).reset(); // into TIME_WAIT
    { const auto closed = std::move(*first); }
    EXPECT_TRUE(ListenSocket::open(bound, {}));
}

TEST_F(ListenSocketTest, a_unix_socket_has_its_mode_whatever_the_umask) {
    const auto before = ::umask(0077);
    for (const mode_t mode : {0660U, 0600U, 0666U, 0777U}) {
        ListenOptions options;
        options.mode = mode;
        const auto socket = ListenSocket::open(unix_address(), options);
        ASSERT_TRUE(socket) << socket.error().text();
        EXPECT_EQ(mode_of_file(), mode);
    }
    ::umask(before);
}

TEST_F(ListenSocketTest, the_file_goes_with_the_socket) {
    {
        const auto socket = ListenSocket::open(unix_address(), {});
        ASSERT_TRUE(socket);
        EXPECT_EQ(connect_to(unix_address()), 0);
        EXPECT_EQ(socket->port(), 0);
    }
    EXPECT_FALSE(fs::exists(unix_address().path()));
}

TEST_F(ListenSocketTest, what_somebody_else_has_put_in_its_place_stays) {
    {
        const auto socket = ListenSocket::open(unix_address(), {});
        ASSERT_TRUE(socket);
        fs::remove(unix_address().path());
        std::ofstream(unix_address().path()) << "mine";
    }
    EXPECT_TRUE(fs::exists(unix_address().path()));
}

TEST_F(ListenSocketTest, a_moved_one_leaves_the_file_to_the_other) {
    auto first = ListenSocket::open(unix_address(), {});
    ASSERT_TRUE(first);
    {
        const auto second = std::move(*first);
        first = ListenSocket::open(address_of("tcp:127.0.0.1:0"), {});
        EXPECT_EQ(connect_to(unix_address()), 0);
    }
    EXPECT_FALSE(fs::exists(unix_address().path()));
}

TEST_F(ListenSocketTest, a_socket_that_nobody_answers_on_is_replaced) {
    leave_stale_socket();
    EXPECT_EQ(connect_to(unix_address()), ECONNREFUSED);
    const auto socket = ListenSocket::open(unix_address(), {});
    ASSERT_TRUE(socket) << socket.error().text();
    EXPECT_EQ(connect_to(unix_address()), 0);
}

TEST_F(ListenSocketTest, a_socket_that_somebody_answers_on_stays) {
    const auto first = ListenSocket::open(unix_address(), {});
    const auto second = ListenSocket::open(unix_address(), {});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().text().find("Address already in use"), std::string::npos);
    EXPECT_EQ(connect_to(unix_address()), 0);
}

TEST_F(ListenSocketTest, a_datagram_socket_in_its_place_stays) {
    const auto address = unix_address();
    const UniqueFd other(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(other.get(), address.address(), address.size()), 0);
    EXPECT_FALSE(ListenSocket::open(address, {}));
    EXPECT_TRUE(fs::exists(address.path()));
}

TEST_F(ListenSocketTest, a_file_or_a_link_in_its_place_stays) {
    std::ofstream(unix_address().path()) << "precious";
    const auto socket = ListenSocket::open(unix_address(), {});
    ASSERT_FALSE(socket);
    EXPECT_NE(socket.error().text().find("not a socket"), std::string::npos);
    EXPECT_TRUE(fs::exists(unix_address().path()));

    fs::remove(unix_address().path());
    fs::create_symlink(dir_ / "elsewhere", unix_address().path());
    EXPECT_FALSE(ListenSocket::open(unix_address(), {}));
    EXPECT_TRUE(fs::is_symlink(unix_address().path()));
}

TEST_F(ListenSocketTest, a_missing_directory_is_said_in_the_words_of_the_system) {
    const auto socket = ListenSocket::open(address_of("unix:/nowhere/at/all"), {});
    ASSERT_FALSE(socket);
    EXPECT_NE(socket.error().text().find("No such file or directory"), std::string::npos);
}

TEST_F(ListenSocketTest, an_abandoned_one_refuses_and_keeps_its_number) {
    auto socket = ListenSocket::open(unix_address(), {});
    auto tcp = ListenSocket::open(address_of("tcp:127.0.0.1:0"), {});
    const auto bound = address_of("tcp:127.0.0.1:" + std::to_string(tcp->port()));
    const UniqueFd numbers[] = {UniqueFd(socket->fd()), UniqueFd(tcp->fd())};
    socket->abandon();
    tcp->abandon();
    EXPECT_FALSE(fs::exists(unix_address().path()));
    EXPECT_EQ(connect_to(bound), ECONNREFUSED);
    for (const auto& number : numbers) {
        EXPECT_GE(::fcntl(number.get(), F_GETFD), 0);
    }
}

} // namespace
} // namespace noa
