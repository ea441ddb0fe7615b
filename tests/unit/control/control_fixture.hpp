// A client's end of a connection under test.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "control/connection.hpp"
#include "control/verbs.hpp"

namespace noa::control {

class TestClient {
public:
    explicit TestClient(UniqueFd socket)
        : socket_(std::move(socket)), reader_(socket_.get(), std::size_t{64} * 1024 * 1024) {}

    void write(const std::string& text) {
        ASSERT_TRUE(write_all(socket_.get(), text, std::chrono::seconds(20)));
    }
    void ask(const std::string& verb, const nlohmann::json& args = nlohmann::json::object()) {
        write(request_line(verb, args));
    }
    // "end" as an error when the host closed.
    Answer next() {
        std::string line;
        if (reader_.next(line, std::chrono::seconds(20)) != ReadResult::line) {
            return {AnswerKind::error, "end"};
        }
        auto answer = parse_answer(line);
        EXPECT_TRUE(answer) << line;
        return answer ? std::move(*answer) : Answer{AnswerKind::error, "broken"};
    }
    [[nodiscard]] int fd() const { return socket_.get(); }
    void close() { socket_.reset(); }

private:
    UniqueFd socket_;
    LineReader reader_;
};

inline std::array<UniqueFd, 2> socket_pair() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    return {UniqueFd(pair[0]), UniqueFd(pair[1])};
}

inline Peer this_peer() {
    return {::geteuid(), ::getegid(), ::getpid(), {}};
}

// A connection served on a thread of its own until the client closes.
class Served {
public:
    Served(const Verbs& verbs, Peer peer, AccessPolicy policy, Log& log)
        : Served(socket_pair(), verbs, std::move(peer), std::move(policy), log) {}
    ~Served() {
        client.close();
        thread_.join();
    }

private:
    Served(std::array<UniqueFd, 2> pair, const Verbs& verbs, Peer peer, AccessPolicy policy,
           Log& log)
        : client(std::move(pair[0])), connection_(std::move(pair[1]), std::move(peer)),
          thread_([this, &verbs, policy = std::move(policy), &log] {
              connection_.serve(verbs, policy, log);
              connection_.shut_down();
          }) {}

public:
    TestClient client;
    Connection& connection() { return connection_; }

private:
    Connection connection_;
    std::thread thread_;
};

} // namespace noa::control
