#include "supervise/agent_sockets.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <array>

#include <gtest/gtest.h>

namespace noa::supervise {
namespace {

constexpr noa_context first = 1;
constexpr noa_context second = 2;
constexpr const char* any_port = "tcp:127.0.0.1:0";

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

// Two ends of a connection; `near` is what an agent has.
struct Connection {
    Connection() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
        near = ends[0];
        far = UniqueFd(ends[1]);
    }
    // The far end's view: the near one is closed, every descriptor of it.
    [[nodiscard]] bool is_over() const {
        char byte = 0;
        return ::recv(far.get(), &byte, 1, MSG_DONTWAIT) == 0;
    }
    int near = -1;
    UniqueFd far;
};

class AgentSocketsTest : public ::testing::Test {
protected:
    void take_over(noa_context generation) {
        sockets_.starting(generation);
        sockets_.taken_over_by(generation);
    }
    // The descriptor; -1 when refused, with `status_` and `why_`.
    int listen(noa_context by, std::string_view address,
               const noa_listen_options* options = nullptr) {
        int fd = -1;
        status_ = sockets_.listen(by, address, options, fd, why_);
        return fd;
    }
    [[nodiscard]] noa_status unlisten(noa_context by, std::string_view address) {
        std::unique_ptr<ListenSocket> closed;
        return sockets_.unlisten(by, address, closed);
    }
    struct Taken {
        UniqueFd fd;
        std::string state;
    };
    Taken take(noa_context by) {
        Taken taken;
        AgentSockets::State state;
        status_ = sockets_.take(by, taken.fd, state);
        taken.state = state ? *state : "";
        return taken;
    }
    [[nodiscard]] std::size_t listening() const { return sockets_.listening().size(); }

    AgentSockets sockets_;
    noa_status status_ = NOA_OK;
    std::string why_;
};

TEST_F(AgentSocketsTest, an_address_has_one_socket_for_all_generations) {
    sockets_.starting(first);
    const int fd = listen(first, any_port);
    ASSERT_GE(fd, 0) << why_;
    EXPECT_EQ(listen(first, any_port), fd);
    sockets_.taken_over_by(first);
    EXPECT_EQ(listen(first, any_port), fd);
    sockets_.starting(second);
    EXPECT_EQ(listen(second, any_port), fd);
    sockets_.taken_over_by(second);
    EXPECT_TRUE(is_open(fd));
    ASSERT_EQ(listening(), 1U);
    EXPECT_EQ(sockets_.listening()[0].address, any_port);
    EXPECT_NE(sockets_.listening()[0].port, 0);
    EXPECT_EQ(sockets_.listening()[0].fd, fd);
}

TEST_F(AgentSocketsTest, what_the_next_one_does_not_ask_for_closes_when_it_has_taken_over) {
    take_over(first);
    const int kept = listen(first, "tcp:127.0.0.1:0");
    const int dropped = listen(first, "tcp:127.0.0.2:0");
    sockets_.starting(second);
    EXPECT_EQ(listen(second, "tcp:127.0.0.1:0"), kept);
    EXPECT_TRUE(is_open(dropped));
    sockets_.taken_over_by(second);
    EXPECT_TRUE(is_open(kept));
    EXPECT_FALSE(is_open(dropped));
}

TEST_F(AgentSocketsTest, a_failed_start_leaves_the_former_sockets_and_closes_its_own) {
    take_over(first);
    const int former = listen(first, "tcp:127.0.0.1:0");
    sockets_.starting(second);
    const int own = listen(second, "tcp:127.0.0.2:0");
    ASSERT_GE(own, 0);
    sockets_.given_up_by(second, false);
    EXPECT_FALSE(is_open(own));
    EXPECT_TRUE(is_open(former));
    sockets_.starting(first);
    EXPECT_EQ(listen(first, "tcp:127.0.0.1:0"), former);
    sockets_.taken_over_by(first);
    EXPECT_EQ(listening(), 1U);
}

TEST_F(AgentSocketsTest, a_start_that_never_ends_does_not_count_and_keeps_its_numbers) {
    take_over(first);
    sockets_.starting(second);
    const UniqueFd own(listen(second, any_port)); // the stuck thread may still use it
    take_over(first);
    EXPECT_EQ(listening(), 0U);
    EXPECT_TRUE(is_open(own.get()));
    sockets_.taken_over_by(second);
    sockets_.given_up_by(second, false);
    EXPECT_EQ(listen(second, any_port), -1);
    EXPECT_EQ(status_, NOA_E_STATE);
    EXPECT_GE(listen(first, any_port), 0);
}

TEST_F(AgentSocketsTest, a_start_that_is_stuck_keeps_its_numbers_but_nobody_gets_in) {
    sockets_.starting(first);
    const UniqueFd own(listen(first, any_port));
    sockets_.given_up_by(first, true);
    EXPECT_EQ(listening(), 0U);
    EXPECT_TRUE(is_open(own.get()));
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    EXPECT_EQ(::accept(own.get(), reinterpret_cast<sockaddr*>(&peer), &size), -1);
    EXPECT_EQ(errno, EINVAL); // it does not listen
}

TEST_F(AgentSocketsTest, unlisten_closes_but_nothing_of_the_former_before_the_switch) {
    take_over(first);
    const int fd = listen(first, any_port);
    sockets_.starting(second);
    EXPECT_EQ(unlisten(second, any_port), NOA_OK);
    EXPECT_TRUE(is_open(fd));
    sockets_.taken_over_by(second);
    EXPECT_FALSE(is_open(fd));
    EXPECT_EQ(unlisten(second, any_port), NOA_E_NOT_FOUND);
    const int own = listen(second, any_port);
    EXPECT_EQ(unlisten(second, any_port), NOA_OK);
    EXPECT_FALSE(is_open(own));
    EXPECT_EQ(unlisten(second, "nonsense"), NOA_E_NOT_FOUND);
}

TEST_F(AgentSocketsTest, listens_on_so_many_addresses_and_no_more) {
    take_over(first);
    const auto address = [](std::size_t i) { return "tcp:127.0.1." + std::to_string(i) + ":0"; };
    for (std::size_t i = 0; i < AgentSockets::max_listening; ++i) {
        ASSERT_GE(listen(first, address(i)), 0) << why_;
    }
    EXPECT_EQ(listen(first, "tcp:127.0.2.1:0"), -1);
    EXPECT_EQ(status_, NOA_E_TOO_LARGE);
    EXPECT_GE(listen(first, address(0)), 0); // it has that
    // A full one may be followed by one with other addresses.
    sockets_.starting(second);
    EXPECT_GE(listen(second, "tcp:127.0.2.1:0"), 0);
    sockets_.taken_over_by(second);
    EXPECT_EQ(listening(), 1U);
}

TEST_F(AgentSocketsTest, refuses_what_breaks_the_contract) {
    take_over(first);
    noa_listen_options options{sizeof(noa_listen_options), 0, 0, 0};
    EXPECT_GE(listen(first, any_port, &options), 0);
    options.mode = 01777;
    EXPECT_EQ(listen(first, any_port, &options), -1);
    EXPECT_EQ(status_, NOA_E_INVALID);
    options = {8, 0, 0, 0};
    EXPECT_EQ(listen(first, any_port, &options), -1);
    EXPECT_EQ(status_, NOA_E_INVALID);
    EXPECT_EQ(listen(first, "tcp:localhost:1"), -1);
    EXPECT_EQ(status_, NOA_E_INVALID);
    EXPECT_EQ(listen(first, "unix:/nowhere/sock"), -1);
    EXPECT_EQ(status_, NOA_E_FAILED);
    EXPECT_NE(why_.find("No such file or directory"), std::string::npos);
    EXPECT_EQ(listen(second, any_port), -1);
    EXPECT_EQ(status_, NOA_E_STATE);
}

TEST_F(AgentSocketsTest, connections_come_out_in_the_order_in_which_they_went_in) {
    take_over(first);
    std::array<Connection, 3> connections;
    for (std::size_t i = 0; i < connections.size(); ++i) {
        ASSERT_EQ(sockets_.keep(first, connections.at(i).near, std::to_string(i)), NOA_OK);
    }
    EXPECT_EQ(sockets_.kept(), 3U);
    sockets_.starting(second);
    for (std::size_t i = 0; i < connections.size(); ++i) {
        const auto taken = take(second);
        ASSERT_EQ(status_, NOA_OK);
        EXPECT_EQ(taken.state, std::to_string(i));
        EXPECT_NE(taken.fd.get(), connections.at(i).near);
        EXPECT_EQ(::write(taken.fd.get(), "!", 1), 1);
        char byte = 0;
        EXPECT_EQ(::read(connections.at(i).far.get(), &byte, 1), 1);
    }
    static_cast<void>(take(second));
    EXPECT_EQ(status_, NOA_E_NOT_FOUND);
}

TEST_F(AgentSocketsTest, a_taken_connection_is_the_plugins_alone_after_the_switch) {
    take_over(first);
    Connection connection;
    ASSERT_EQ(sockets_.keep(first, connection.near, ""), NOA_OK);
    sockets_.starting(second);
    auto taken = take(second);
    sockets_.taken_over_by(second);
    EXPECT_EQ(sockets_.kept(), 0U);
    EXPECT_FALSE(connection.is_over());
    taken.fd.reset();
    EXPECT_TRUE(connection.is_over());
}

TEST_F(AgentSocketsTest, what_nobody_takes_closes_when_the_next_one_has_taken_over) {
    take_over(first);
    Connection connection;
    ASSERT_EQ(sockets_.keep(first, connection.near, ""), NOA_OK);
    sockets_.starting(second);
    EXPECT_FALSE(connection.is_over());
    sockets_.taken_over_by(second);
    EXPECT_TRUE(connection.is_over());
}

TEST_F(AgentSocketsTest, after_a_failed_start_the_former_one_finds_them_all) {
    take_over(first);
    std::array<Connection, 2> connections;
    for (const auto& connection : connections) {
        ASSERT_EQ(sockets_.keep(first, connection.near, "state"), NOA_OK);
    }
    sockets_.starting(second);
    take(second).fd.reset(); // it closes what it took
    sockets_.given_up_by(second, false);
    sockets_.starting(first);
    for (const auto& connection : connections) {
        const auto taken = take(first);
        EXPECT_EQ(status_, NOA_OK);
        EXPECT_EQ(taken.state, "state");
        EXPECT_FALSE(connection.is_over());
    }
}

TEST_F(AgentSocketsTest, a_state_lives_as_long_as_a_stuck_start_may_read_it) {
    take_over(first);
    Connection connection;
    ASSERT_EQ(sockets_.keep(first, connection.near, "state"), NOA_OK);
    sockets_.starting(second);
    UniqueFd fd;
    AgentSockets::State state;
    ASSERT_EQ(sockets_.take(second, fd, state), NOA_OK);
    sockets_.close_all(true);
    EXPECT_EQ(*state, "state");
}

TEST_F(AgentSocketsTest, without_descriptors_left_the_only_one_is_given) {
    take_over(first);
    std::array<Connection, 2> connections;
    for (const auto& connection : connections) {
        ASSERT_EQ(sockets_.keep(first, connection.near, "state"), NOA_OK);
    }
    sockets_.starting(second);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{0, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    auto taken = take(second);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ASSERT_EQ(status_, NOA_OK);
    EXPECT_EQ(taken.fd.get(), connections[0].near);
    EXPECT_EQ(taken.state, "state");
    sockets_.given_up_by(second, false);
    EXPECT_EQ(sockets_.kept(), 1U);
    EXPECT_EQ(sockets_.keep(first, taken.fd.get(), ""), NOA_E_STATE); // not kept any more
    sockets_.starting(first);
    const auto other = take(first);
    sockets_.taken_over_by(first);
    EXPECT_TRUE(is_open(connections[0].near)); // the plugin's
    EXPECT_EQ(sockets_.keep(first, taken.fd.release(), ""), NOA_OK);
}

TEST_F(AgentSocketsTest, keeps_so_many_connections_and_no_more) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit most{limit.rlim_max, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &most);
    if (most.rlim_cur < AgentSockets::max_kept + 100) {
        GTEST_SKIP() << "only " << most.rlim_cur << " descriptors";
    }
    take_over(first);
    const Connection connection;
    for (std::size_t i = 0; i < AgentSockets::max_kept; ++i) {
        ASSERT_EQ(sockets_.keep(first, ::dup(connection.near), ""), NOA_OK);
    }
    const UniqueFd near(connection.near);
    EXPECT_EQ(sockets_.keep(first, near.get(), ""), NOA_E_TOO_LARGE);
    EXPECT_FALSE(connection.is_over());
}

TEST_F(AgentSocketsTest, keeps_connections_only) {
    take_over(first);
    Connection connection;
    const int listener = listen(first, any_port);
    const UniqueFd pipe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const UniqueFd datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const UniqueFd unconnected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (const int fd :
         {-1, 0, 1, 2, 1 << 30, listener, pipe.get(), datagram.get(), unconnected.get()}) {
        EXPECT_EQ(sockets_.keep(first, fd, ""), NOA_E_INVALID) << fd;
    }
    EXPECT_EQ(sockets_.keep(first, connection.near, ""), NOA_OK);
    EXPECT_EQ(sockets_.keep(first, connection.near, ""), NOA_E_INVALID); // twice
    EXPECT_EQ(sockets_.kept(), 1U);
    EXPECT_NE(::fcntl(connection.near, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(AgentSocketsTest, a_connection_on_a_standard_stream_is_not_kept) {
    take_over(first);
    const Connection connection;
    const UniqueFd near(connection.near);
    const UniqueFd saved(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    ASSERT_EQ(::dup2(near.get(), STDIN_FILENO), STDIN_FILENO);
    EXPECT_EQ(sockets_.keep(first, STDIN_FILENO, ""), NOA_E_INVALID);
    ASSERT_EQ(::dup2(saved.get(), STDIN_FILENO), STDIN_FILENO);
}

TEST_F(AgentSocketsTest, states_are_bounded_each_and_together) {
    take_over(first);
    const std::string largest(AgentSockets::max_state, 'x');
    Connection refused;
    const UniqueFd near(refused.near);
    EXPECT_EQ(sockets_.keep(first, refused.near, largest + "x"), NOA_E_TOO_LARGE);
    EXPECT_FALSE(refused.is_over());
    std::vector<Connection> connections(AgentSockets::max_states / AgentSockets::max_state);
    for (const auto& connection : connections) {
        ASSERT_EQ(sockets_.keep(first, connection.near, largest), NOA_OK);
    }
    EXPECT_EQ(sockets_.keep(first, refused.near, "x"), NOA_E_TOO_LARGE);
    EXPECT_EQ(sockets_.keep(first, UniqueFd(::dup(refused.near)).release(), ""), NOA_OK);
}

TEST_F(AgentSocketsTest, every_call_has_its_time) {
    Connection connection;
    const UniqueFd near(connection.near);
    EXPECT_EQ(sockets_.keep(first, connection.near, ""), NOA_E_STATE); // nobody has started
    sockets_.starting(first);
    EXPECT_EQ(sockets_.keep(first, connection.near, ""), NOA_E_STATE);
    sockets_.taken_over_by(first);
    static_cast<void>(take(first));
    EXPECT_EQ(status_, NOA_E_STATE);
    EXPECT_EQ(sockets_.keep(second, connection.near, ""), NOA_E_STATE);
    EXPECT_EQ(unlisten(second, any_port), NOA_E_STATE);
}

TEST_F(AgentSocketsTest, closes_everything_when_nobody_follows) {
    take_over(first);
    const int fd = listen(first, any_port);
    Connection connection;
    ASSERT_EQ(sockets_.keep(first, connection.near, ""), NOA_OK);
    sockets_.close_all(false);
    EXPECT_FALSE(is_open(fd));
    EXPECT_TRUE(connection.is_over());
    EXPECT_EQ(listening() + sockets_.kept(), 0U);
    EXPECT_EQ(listen(first, any_port), -1);
    EXPECT_EQ(status_, NOA_E_STATE);
}

TEST_F(AgentSocketsTest, a_stuck_lane_keeps_its_numbers_but_nobody_gets_in) {
    take_over(first);
    const UniqueFd fd(listen(first, any_port));
    const auto port = sockets_.listening()[0].port;
    sockets_.close_all(true);
    EXPECT_TRUE(is_open(fd.get()));
    const auto address = ListenAddress::parse("tcp:127.0.0.1:" + std::to_string(port));
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), address->address(), address->size()), -1);
    EXPECT_EQ(errno, ECONNREFUSED);
}

TEST(SocketStore, has_one_place_for_each_agent) {
    SocketStore store;
    auto& one = store.of("one");
    EXPECT_EQ(&store.of("one"), &one);
    EXPECT_NE(&store.of("two"), &one);
}

} // namespace
} // namespace noa::supervise
