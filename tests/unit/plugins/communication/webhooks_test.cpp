#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "webhooks/poster.hpp"
#include "webhooks/received.hpp"

namespace communication {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(EndpointTest, IsAUrlAndNothingElse) {
    const auto whole = parse_url("https://example.com:8443/a/b?c=d");
    ASSERT_TRUE(whole);
    EXPECT_TRUE(whole->tls);
    EXPECT_EQ(whole->authority(), "example.com:8443");
    EXPECT_EQ(whole->target, "/a/b?c=d");
    EXPECT_EQ(parse_url("http://h")->target, "/");
    EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
    EXPECT_EQ(parse_url("http://h")->authority(), "h");
    EXPECT_EQ(parse_url("http://[::1]:80/x")->host, "::1");
    EXPECT_EQ(parse_url("https://[::1]:444/x")->authority(), "[::1]:444");
    for (const char* wrong :
         {"", "ftp://h/", "https://", "https:///x", "https://user:pass@h/", "https://h:0/",
          "https://h:65536/", "https://h:/", "https://h/a b", "https://h/\r\nx: y", "https://h/#f",
          "https://[::1", "https://h:12x/"}) {
        const auto parsed = parse_url(wrong);
        ASSERT_FALSE(parsed) << wrong;
        EXPECT_THAT(parsed.error().text, Not(HasSubstr("pass")));
    }
}

TEST(SignatureTest, IsThatOfStandardWebhooks) {
    const auto key = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    ASSERT_TRUE(key) << key.error().text;
    EXPECT_EQ(
        signatures({*key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    EXPECT_THAT(signatures({*key, "other"}, "a", 1, "b"), HasSubstr(" v1,"));
    for (const char* wrong :
         {"", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!MfKQ9r8GKYqrTwjUPD8ILPZI"}) {
        EXPECT_FALSE(parse_secret(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_secret(std::string(100, 'A'))) << "more than 64 bytes";
}

// The vector of Standard Webhooks' own libraries.
TEST(ReceivedTest, IsKnownByItsSignatureAndTime) {
    const std::vector<std::string> keys{*parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    constexpr std::int64_t then = 1614265330;
    const std::string good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    ReceivedWebhook whole{"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", good,
                          R"({"test": 2432232314})"};
    EXPECT_TRUE(verify(whole, keys, then));
    EXPECT_TRUE(verify(whole, {"a key that went before it", keys[0]}, then + 299));
    whole.signature = "v2,abc v1,Zm9v  ";
    EXPECT_EQ(verify(whole, keys, then).error().status, NOA_E_DENIED);
    const std::string several = "v1a,abc v1,Zm9v " + good;
    whole.signature = several;
    EXPECT_TRUE(verify(whole, keys, then));
    EXPECT_EQ(verify(whole, keys, then + 301).error().status, NOA_E_DENIED);
    EXPECT_EQ(verify(whole, keys, then - 301).error().status, NOA_E_DENIED);
    EXPECT_EQ(verify(whole, {"another key of more than 24 bytes"}, then).error().status,
              NOA_E_DENIED);
    whole.body = R"({"test": 2432232315})";
    EXPECT_EQ(verify(whole, keys, then).error().status, NOA_E_DENIED);
}

TEST(ReceivedTest, IsRefusedInAnotherForm) {
    const std::vector<std::string> keys{std::string(32, 'k')};
    const std::string long_id(129, 'a');
    for (const ReceivedWebhook& one :
         {ReceivedWebhook{"", "1", "v1,x", ""}, ReceivedWebhook{"a.b", "1", "v1,x", ""},
          ReceivedWebhook{"a b", "1", "v1,x", ""}, ReceivedWebhook{long_id, "1", "v1,x", ""},
          ReceivedWebhook{"a", "", "v1,x", ""}, ReceivedWebhook{"a", "1x", "v1,x", ""},
          ReceivedWebhook{"a", "-1", "v1,x", ""},
          ReceivedWebhook{"a", "99999999999999999999", "v1,x", ""}}) {
        EXPECT_EQ(verify(one, keys, 1).error().status, NOA_E_INVALID) << one.id;
    }
    const std::string endless(100'000, ' ');
    EXPECT_EQ(verify({"a", "1", endless, ""}, keys, 1).error().status, NOA_E_DENIED);
    EXPECT_EQ(verify({"a", "1", "", ""}, keys, 1).error().status, NOA_E_DENIED);
}

TEST(PostedTest, GoesByTheCode) {
    EXPECT_EQ(posted_with(204, 0s).status, NOA_OK);
    EXPECT_EQ(posted_with(302, 0s).status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(posted_with(400, 0s).status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(posted_with(410, 0s).status, NOA_E_NOT_FOUND);
    EXPECT_EQ(posted_with(413, 0s).status, NOA_E_TOO_LARGE);
    EXPECT_EQ(posted_with(503, 7s).retry_after, 7s);
    EXPECT_EQ(posted_with(503, 999999999s).retry_after, 1h);
    EXPECT_EQ(posted_with(503, 0s).text, "HTTP 503");
}

// Answers each connection with the next text, as it stands, and closes it.
class Answering {
public:
    explicit Answering(std::vector<std::string> answers) : answers_(std::move(answers)) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof place;
        auto* address = reinterpret_cast<sockaddr*>(&place);
        EXPECT_EQ(::bind(listener_, address, size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        EXPECT_EQ(::getsockname(listener_, address, &size), 0);
        port = std::to_string(::ntohs(place.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    ~Answering() {
        thread_.join();
        ::close(listener_);
    }

    std::string port;

private:
    void serve() {
        for (const std::string& answer : answers_) {
            const int one = ::accept(listener_, nullptr, nullptr);
            std::string got(4096, '\0');
            EXPECT_GT(::recv(one, got.data(), got.size(), 0), 0);
            EXPECT_EQ(::send(one, answer.data(), answer.size(), MSG_NOSIGNAL),
                      static_cast<ssize_t>(answer.size()));
            ::close(one);
        }
    }

    std::vector<std::string> answers_;
    int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    std::thread thread_;
};

class PosterTest : public ::testing::Test {
public:
    Posted post(const std::string& port) {
        std::optional<Posted> ended;
        Post what;
        what.endpoint = *parse_url("http://127.0.0.1:" + port + "/");
        what.body = "{}";
        what.content_type = "application/json";
        poster.post(std::move(what), [&ended](const Posted& posted) { ended = posted; });
        while (!ended) {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return rung; });
            rung = false;
            lock.unlock();
            poster.take_done();
        }
        return *ended;
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool rung = false;
    Poster poster{[this] {
        const std::lock_guard lock(mutex);
        rung = true;
        changed.notify_all();
    }};
};

TEST_F(PosterTest, TellsWhatCameOfEachPost) {
    const Answering server(
        {"HTTP/1.1 204 No Content\r\n\r\n",
         "HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\nmore",
         "HTTP/1.1 503 x\r\nRetry-After: 3\r\n\r\n", "HTTP/1.1 503 x\r\nRetry-After: soon\r\n\r\n",
         "HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "what is this\r\n\r\n", "",
         "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nbody"});
    EXPECT_EQ(post(server.port).status, NOA_OK);
    EXPECT_EQ(post(server.port).text, "HTTP 500");
    EXPECT_EQ(post(server.port).retry_after, 3s);
    EXPECT_EQ(post(server.port).retry_after, 0s);
    EXPECT_EQ(post(server.port).text, "HTTP 302");
    for (int hostile = 0; hostile < 3; ++hostile) {
        const Posted posted = post(server.port);
        EXPECT_EQ(posted.status, NOA_E_UNAVAILABLE);
        EXPECT_THAT(posted.text, ::testing::StartsWith("answer: "));
    }
    EXPECT_EQ(post(server.port).status, NOA_OK);
}

TEST_F(PosterTest, SaysThatNobodyIsThere) {
    std::string port;
    {
        const Answering server({});
        port = server.port;
    }
    const Posted posted = post(port);
    EXPECT_EQ(posted.status, NOA_E_UNAVAILABLE);
    EXPECT_THAT(posted.text, HasSubstr("connect"));
}

} // namespace
} // namespace communication
