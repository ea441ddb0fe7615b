// Sockets of an agent, from generation to generation: real ones, on the loopback.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>

#include "noa/sdk/sockets.hpp"
#include "test_agent.hpp"

namespace noa::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Answers each byte with the next letter, on every connection.
struct Server {
    noa::Sockets sockets;
    std::string address = "tcp:127.0.0.1:0";
    int listening = -1;
    std::map<int, noa::Fd> connections;
    std::vector<std::string> found; // states of what was kept
    bool fails = false;

    noa::Status start() {
        const auto taken = sockets.for_each_kept([this](noa::Fd fd, std::string_view state) {
            found.emplace_back(state);
            serve(std::move(fd));
        });
        const auto fd = sockets.listen(address);
        if (!taken || !fd || fails) {
            connections.clear();
            return fails ? noa::failed("on purpose") : fd ? taken : noa::Status(fd.error());
        }
        listening = *fd;
        return sockets.watch(listening, noa::ready_read, [this](noa::Ready) {
            noa::Fd accepted(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (accepted) {
                serve(std::move(accepted));
            }
        });
    }
    void serve(noa::Fd fd) {
        const int number = fd.get();
        connections[number] = std::move(fd);
        EXPECT_TRUE(sockets.watch(number, noa::ready_read, [this, number](noa::Ready ready) {
            char byte = 0;
            if ((ready & noa::ready_closed) != 0 || ::recv(number, &byte, 1, 0) != 1) {
                sockets.unwatch(number);
                connections.erase(number);
                return;
            }
            ++byte;
            EXPECT_EQ(::send(number, &byte, 1, MSG_NOSIGNAL), 1);
        }));
    }
    noa::Status quiesce() {
        for (auto& [number, fd] : connections) {
            if (auto kept = sockets.keep(std::move(fd), "connection"); !kept) {
                return kept;
            }
        }
        connections.clear();
        return {};
    }
};

class Sockets : public Scene {
protected:
    Sockets() {
        plan.start = [this](TestAgent&) { return server_->start(); };
        plan.quiesce = [this](TestAgent&) { return server_->quiesce(); };
        plan.setup = [this](TestAgent&, noa::Setup& setup) { setup.use(server_->sockets); };
    }
    ~Sockets() override { agent.destroy(); }

    // A client of what `server` listens on.
    static noa::Fd connected(const Server& server) {
        sockaddr_storage where{};
        socklen_t size = sizeof where;
        EXPECT_EQ(::getsockname(server.listening, reinterpret_cast<sockaddr*>(&where), &size), 0);
        noa::Fd client(::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&where), size), 0);
        return client;
    }
    static char ask(Harness& host, const noa::Fd& client, char byte) {
        EXPECT_EQ(::send(client.get(), &byte, 1, MSG_NOSIGNAL), 1);
        char answer = 0;
        EXPECT_TRUE(
            host.run_until([&] { return ::recv(client.get(), &answer, 1, MSG_DONTWAIT) == 1; }));
        return answer;
    }

    Server first_;
    Server second_;
    Server* server_ = &first_; // of the agent that is made next
};

TEST_F(Sockets, ServeConnections) {
    ASSERT_TRUE(agent.run());
    auto one = connected(first_);
    auto other = connected(first_);
    EXPECT_EQ(ask(agent, one, 'a'), 'b');
    EXPECT_EQ(ask(agent, other, 'x'), 'y');
    EXPECT_EQ(ask(agent, one, 'b'), 'c') << "a watch lasts";
    one.reset();
    EXPECT_TRUE(agent.run_until([&] { return first_.connections.size() == 1; }));
}

TEST_F(Sockets, GoToTheNextGenerationWithTheirConnections) {
    ASSERT_TRUE(agent.run());
    const auto client = connected(first_);
    EXPECT_EQ(ask(agent, client, 'a'), 'b');
    Harness next(&sdk::plugin_table<TestAgent>);
    server_ = &second_;
    ASSERT_TRUE(next.create());
    server_ = &first_;
    ASSERT_TRUE(agent.quiesce());
    const auto waiting = connected(first_); // in the backlog: not refused
    next.host().sockets = agent.host().sockets;
    server_ = &second_;
    ASSERT_TRUE(next.start());
    EXPECT_THAT(second_.found, ElementsAre("connection"));
    EXPECT_EQ(ask(next, client, 'b'), 'c');
    EXPECT_EQ(ask(next, waiting, 'c'), 'd');
    EXPECT_EQ(second_.listening, first_.listening) << "the same socket";
    next.destroy();
    EXPECT_THAT(next.violations(), ::testing::IsEmpty());
}

TEST_F(Sockets, AreAllThereAgainWhenTheNextGenerationDoesNotStart) {
    ASSERT_TRUE(agent.run());
    const auto client = connected(first_);
    EXPECT_EQ(ask(agent, client, 'a'), 'b');
    Harness next(&sdk::plugin_table<TestAgent>);
    server_ = &second_;
    second_.fails = true;
    ASSERT_TRUE(next.create());
    next.host().sockets = agent.host().sockets;
    server_ = &first_;
    ASSERT_TRUE(agent.quiesce());
    server_ = &second_;
    EXPECT_FALSE(next.start());
    next.destroy();
    server_ = &first_;
    ASSERT_TRUE(agent.start());
    EXPECT_THAT(first_.found, ElementsAre("connection"));
    EXPECT_EQ(ask(agent, client, 'b'), 'c');
}

TEST_F(Sockets, OnAUnixPathHaveTheirModeAndGoWithUnlisten) {
    const std::string path =
        std::filesystem::temp_directory_path() / ("noa-sockets-" + std::to_string(::getpid()));
    first_.address = "unix:" + path;
    plan.start = [&](TestAgent&) -> noa::Status {
        const auto fd = first_.sockets.listen(first_.address, {.mode = 0600});
        first_.listening = fd ? *fd : -1;
        return fd ? noa::Status() : fd.error();
    };
    plan.quiesce = nullptr;
    ASSERT_TRUE(agent.run());
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    EXPECT_TRUE(connected(first_));
    EXPECT_TRUE(first_.sockets.unlisten(first_.address));
    EXPECT_NE(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(first_.sockets.unlisten(first_.address).error().status, NOA_E_NOT_FOUND);
}

TEST_F(Sockets, ThatCannotBeOpenedSayWhy) {
    first_.address = "tcp:192.0.2.1:1"; // nobody's here
    const auto outcome = agent.run();
    EXPECT_EQ(outcome.status, NOA_E_FAILED);
    EXPECT_THAT(outcome.text, HasSubstr("listen on tcp:192.0.2.1:1: Cannot assign"));
    for (const char* address : {"", "tcp:", "tcp:localhost:1", "unix:relative", "udp:1"}) {
        agent.host().leased = true;
        EXPECT_EQ(first_.sockets.listen(address).error().status, NOA_E_INVALID) << address;
    }
}

TEST_F(Sockets, AreNotOpenedOutsideStartAndQuiesce) {
    ASSERT_TRUE(agent.create());
    EXPECT_EQ(first_.sockets.listen(first_.address).error().status, NOA_E_STATE);
    EXPECT_EQ(first_.sockets.watch(0, noa::ready_read, [](noa::Ready) {}).error().status,
              NOA_E_STATE);
    EXPECT_EQ(first_.sockets.for_each_kept([](noa::Fd, std::string_view) {}).error().status,
              NOA_E_STATE);
}

TEST_F(Sockets, ThatAreKeptInVainAreClosed) {
    ASSERT_TRUE(agent.run());
    const auto client = connected(first_);
    EXPECT_EQ(ask(agent, client, 'a'), 'b');
    agent.host().leased = false; // so that keep is refused
    EXPECT_FALSE(first_.quiesce());
    first_.connections.clear();
    char byte = 0;
    EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 0) << "closed, not left open";
}

TEST_F(Sockets, WhoseCallThrowsAreWatchedNoMore) {
    plan.start = [&](TestAgent&) -> noa::Status {
        const auto fd = first_.sockets.listen(first_.address);
        first_.listening = *fd;
        return first_.sockets.watch(*fd, noa::ready_read, [](noa::Ready) { throw 1; });
    };
    ASSERT_TRUE(agent.run());
    const auto client = connected(first_);
    EXPECT_TRUE(agent.run_until([&] { return !agent.logs().empty(); }));
    agent.run_until_idle();
    EXPECT_EQ(agent.logs().size(), 1U);
    EXPECT_EQ(agent.logs()[0].event, "socket");
    EXPECT_FALSE(first_.sockets.unwatch(first_.listening));
}

TEST_F(Sockets, WatchedBeforeAFailedQuiesceAreNotCalledTwice) {
    ASSERT_TRUE(agent.run());
    const auto client = connected(first_);
    EXPECT_EQ(ask(agent, client, 'a'), 'b');
    plan.quiesce = [](TestAgent&) -> noa::Status { return noa::failed("not now"); };
    ASSERT_FALSE(agent.quiesce());
    int calls = 0;
    plan.start = [&](TestAgent&) {
        first_.listening = *first_.sockets.listen(first_.address);
        return first_.sockets.watch(first_.listening, noa::ready_read, [&](noa::Ready) {
            ++calls;
            first_.sockets.unwatch(first_.listening);
        });
    };
    ASSERT_TRUE(agent.start());
    EXPECT_EQ(agent.host().watches.size(), 1U);
    const auto other = connected(first_);
    EXPECT_TRUE(agent.run_until([&] { return calls > 0; }));
    EXPECT_EQ(calls, 1);
}

class Unsaid final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{.id = "unsaid", .version = "1"};
    void setup(noa::Setup& setup) override { setup.use(sockets_); }

private:
    noa::Sockets sockets_;
};

TEST(SocketsOffer, NeedsItsFlag) {
    Harness agent(&sdk::plugin_table<Unsaid>);
    EXPECT_EQ(agent.create().text, "noa::Sockets needs PluginInfo::sockets");
}

} // namespace
} // namespace noa::test
