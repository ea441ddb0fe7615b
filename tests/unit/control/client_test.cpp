#include "noactl/client.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>

#include "control/server.hpp"

namespace noa::noactl {
namespace {

using control::Connection;
using control::Right;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::chrono::milliseconds patience{20'000};

// A host's control socket with verbs of the test, accepting on a thread of its own.
class ClientTest : public testing::Test {
public:
    ClientTest() {
        std::string pattern = "/tmp/noactl-XXXXXX";
        if (::mkdtemp(pattern.data()) != nullptr) {
            directory_ = pattern;
        }
        verbs_.add("echo", Right::read, [](const json& args, Connection& client) -> Result<json> {
            client.progress({{"step", "thinking"}});
            return args;
        });
        verbs_.add("fail", Right::read, [](const json&, Connection&) -> Result<json> {
            return fail(Errc::timed_out, "fail", "it", "too slow");
        });
        verbs_.add("count", Right::read, [](const json&, Connection& client) -> Result<json> {
            auto queue = control::EventQueue::open();
            for (int i = 0; i < 3; ++i) {
                queue->push({{"n", i}}, 10);
            }
            queue->close();
            client.stream(*queue);
            return json::object();
        });
        verbs_.add("forever", Right::read, [](const json&, Connection& client) -> Result<json> {
            auto queue = control::EventQueue::open();
            client.progress(json::object());
            client.stream(*queue);
            return json::object();
        });
    }
    ~ClientTest() override {
        if (acceptor_.joinable()) {
            ::eventfd_write(stop_.get(), 1);
            acceptor_.join();
        }
        server_.reset();
        std::filesystem::remove_all(directory_);
    }

    void serve() {
        auto server = control::Server::open({directory_, "", 64, {}}, verbs_, log_);
        ASSERT_TRUE(server) << server.error().text();
        server_ = std::make_unique<control::Server>(std::move(*server));
        acceptor_ = std::thread([this] {
            while (true) {
                std::array<pollfd, 2> fds{pollfd{server_->fd(), POLLIN, 0},
                                          pollfd{stop_.get(), POLLIN, 0}};
                ::poll(fds.data(), fds.size(), -1);
                if (fds[1].revents != 0) {
                    return;
                }
                server_->accept_one();
            }
        });
    }

    std::filesystem::path directory_;
    control::Verbs verbs_;
    Log log_{LogFormat::json, false};
    UniqueFd stop_{::eventfd(0, EFD_CLOEXEC)};
    std::unique_ptr<control::Server> server_;
    std::thread acceptor_;
};

TEST_F(ClientTest, WithoutAHostItSaysWhatItTriedAndWhatToDo) {
    const auto client = Client::connect(directory_);
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code, Errc::unavailable);
    EXPECT_THAT(client.error().text(), HasSubstr((directory_ / "control.sock").string()));
    EXPECT_THAT(client.error().text(), HasSubstr("systemctl start noad"));
    EXPECT_THAT(client.error().text(), HasSubstr("NOA_RUNTIME_DIR"));
}

TEST_F(ClientTest, AsksAndHearsOfProgress) {
    serve();
    auto client = Client::connect(directory_);
    ASSERT_TRUE(client) << client.error().text();
    std::string step;
    const auto answer =
        client->ask("echo", {{"a", 1}}, patience, [&](const json& value) { step = value["step"]; });
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(*answer, (json{{"a", 1}}));
    EXPECT_EQ(step, "thinking");
}

TEST_F(ClientTest, AHostsErrorKeepsItsParts) {
    serve();
    auto client = Client::connect(directory_);
    ASSERT_TRUE(client);
    const auto answer = client->ask("fail", json::object(), patience);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out);
    EXPECT_EQ(answer.error().text(), "fail: it: too slow");
}

TEST_F(ClientTest, AStreamEndsByTheHostOrWhenThereIsEnough) {
    serve();
    for (const int wanted : {100, 2}) {
        auto client = Client::connect(directory_);
        ASSERT_TRUE(client);
        int seen = 0;
        const auto ended = client->stream(
            "count", json::object(), [&](const json&) { return ++seen < wanted; },
            [](const json&) {}, -1);
        ASSERT_TRUE(ended);
        EXPECT_EQ(*ended, wanted == 2 ? Client::Ended::enough : Client::Ended::by_host);
        EXPECT_EQ(seen, wanted == 2 ? 2 : 3);
    }
}

TEST_F(ClientTest, AStreamIsInterruptedByItsDescriptor) {
    serve();
    auto client = Client::connect(directory_);
    ASSERT_TRUE(client);
    const UniqueFd wake(::eventfd(0, EFD_CLOEXEC));
    const auto ended = client->stream(
        "forever", json::object(), [](const json&) { return true; },
        [&](const json&) { ::eventfd_write(wake.get(), 1); }, wake.get());
    ASSERT_TRUE(ended);
    EXPECT_EQ(*ended, Client::Ended::interrupted);
}

TEST_F(ClientTest, AHostThatGoesAwayIsAnError) {
    verbs_.add("leave", Right::read, [](const json&, Connection& client) -> Result<json> {
        client.shut_down();
        return json();
    });
    serve();
    auto client = Client::connect(directory_);
    ASSERT_TRUE(client);
    const auto answer = client->ask("leave", json::object(), patience);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().text(), HasSubstr("closed the connection"));
}

TEST_F(ClientTest, ABodyThatCannotTravelIsRefusedHere) {
    serve();
    auto client = Client::connect(directory_);
    ASSERT_TRUE(client);
    const auto answer =
        client->ask("echo", {{"body", std::string(control::max_line_bytes, 'x')}}, patience);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::invalid);
}

} // namespace
} // namespace noa::noactl
