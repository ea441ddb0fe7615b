#include "control/server.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>

#include <gmock/gmock.h>

#include "control_fixture.hpp"

namespace noa::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ServerTest : public testing::Test {
public:
    ServerTest() {
        std::string pattern = "/tmp/noa-control-XXXXXX";
        if (::mkdtemp(pattern.data()) != nullptr) {
            directory_ = pattern;
        }
        verbs_.add("look", Right::read,
                   [](const json& args, Connection&) -> Result<json> { return args; });
    }
    ~ServerTest() override { std::filesystem::remove_all(directory_); }

    Result<Server> open(std::size_t max_connections = 64) {
        ServerOptions options;
        options.runtime_dir = directory_;
        options.max_connections = max_connections;
        options.group = "";
        return Server::open(options, verbs_, log_);
    }
    [[nodiscard]] std::filesystem::path path() const { return directory_ / socket_name; }

    UniqueFd connect() const {
        UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            fd.reset();
        }
        return fd;
    }
    static bool is_ready(const Server& server) {
        pollfd fd{server.fd(), POLLIN, 0};
        return ::poll(&fd, 1, 0) == 1;
    }

    std::filesystem::path directory_;
    Verbs verbs_;
    Log log_{LogFormat::json, false};
};

TEST_F(ServerTest, ServesWhoConnects) {
    auto server = open();
    ASSERT_TRUE(server) << server.error().text();
    EXPECT_FALSE(is_ready(*server));
    TestClient client(connect());
    EXPECT_TRUE(is_ready(*server));
    server->accept_one();
    client.ask("look", {{"a", 1}});
    EXPECT_EQ(client.next().value, (json{{"a", 1}}));
}

TEST_F(ServerTest, TheSocketIsForOwnerAndGroup) {
    const auto server = open();
    ASSERT_TRUE(server);
    struct stat found {};
    ASSERT_EQ(::stat(path().c_str(), &found), 0);
    EXPECT_TRUE(S_ISSOCK(found.st_mode));
    EXPECT_EQ(found.st_mode & 0777U, 0660U);
}

TEST_F(ServerTest, AcceptWithoutAClientDoesNotBlock) {
    auto server = open();
    ASSERT_TRUE(server);
    server->accept_one();
}

TEST_F(ServerTest, OneClientTooManyIsToldSo) {
    auto server = open(1);
    ASSERT_TRUE(server);
    TestClient first(connect());
    server->accept_one();
    TestClient second(connect());
    server->accept_one();
    const auto answer = second.next();
    EXPECT_EQ(answer.value["code"], "busy");
    EXPECT_THAT(answer.value["reason"].get<std::string>(), HasSubstr("1 clients are connected"));
    EXPECT_EQ(second.next().value, "end");
    first.ask("look");
    EXPECT_EQ(first.next().kind, AnswerKind::ok);
}

TEST_F(ServerTest, AClientThatLeftMakesRoom) {
    auto server = open(1);
    ASSERT_TRUE(server);
    TestClient first(connect());
    server->accept_one();
    ::shutdown(first.fd(), SHUT_WR);
    EXPECT_EQ(first.next().value, "end"); // its thread is past serving
    Answer answer;
    do {
        TestClient second(connect());
        second.ask("look"); // before it may be sent away: writing is not possible after
        server->accept_one();
        answer = second.next();
    } while (answer.kind == AnswerKind::error &&
             (answer.value == "end" || answer.value["code"] == "busy"));
    EXPECT_EQ(answer.kind, AnswerKind::ok);
}

TEST_F(ServerTest, ALivingHostKeepsItsSocket) {
    auto first = open();
    ASSERT_TRUE(first);
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
    EXPECT_THAT(second.error().text(), HasSubstr("another host answers"));
    TestClient client(connect());
    first->accept_one(); // the second host's trial
    first->accept_one();
    client.ask("look");
    EXPECT_EQ(client.next().kind, AnswerKind::ok);
}

TEST_F(ServerTest, TheSocketOfADeadHostIsReplaced) {
    {
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
    }
    ASSERT_TRUE(std::filesystem::exists(path()));
    auto server = open();
    ASSERT_TRUE(server) << server.error().text();
    EXPECT_TRUE(connect());
}

TEST_F(ServerTest, AFileInItsPlaceIsLeftAlone) {
    std::ofstream(path()) << "precious";
    const auto server = open();
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, Errc::refused);
    EXPECT_TRUE(std::filesystem::is_regular_file(path()));
}

TEST_F(ServerTest, APathTooLongIsRefusedWithWords) {
    ServerOptions options;
    options.runtime_dir = directory_ / std::string(120, 'x');
    const auto server = Server::open(options, verbs_, log_);
    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().text(), HasSubstr("longer than 107 bytes"));
}

TEST_F(ServerTest, AMissingDirectoryIsAnError) {
    std::filesystem::remove_all(directory_);
    EXPECT_FALSE(open());
}

TEST_F(ServerTest, ShutDownBreaksConnectionsAndRemovesTheSocket) {
    auto server = open();
    ASSERT_TRUE(server);
    TestClient idle(connect());
    server->accept_one();
    TestClient waiting(connect()); // not accepted yet
    server->shut_down();
    EXPECT_EQ(idle.next().value, "end");
    EXPECT_EQ(waiting.next().value, "end");
    EXPECT_FALSE(std::filesystem::exists(path()));
    server->shut_down();
    server->accept_one();
}

TEST_F(ServerTest, ShutDownWaitsForTheVerbThatRuns) {
    std::promise<void> entered;
    std::promise<void> leave;
    bool left = false;
    verbs_.add("slow", Right::read, [&](const json&, Connection&) -> Result<json> {
        entered.set_value();
        leave.get_future().wait();
        left = true;
        return json();
    });
    auto server = open();
    ASSERT_TRUE(server);
    TestClient client(connect());
    server->accept_one();
    client.ask("slow");
    entered.get_future().wait();
    leave.set_value();
    server->shut_down();
    EXPECT_TRUE(left);
}

} // namespace
} // namespace noa::control
