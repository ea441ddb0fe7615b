// The server with a site that answers at once: what clients can do to it.
#include "http/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/hub.hpp"

namespace {

using namespace std::chrono_literals;
using console::http::Limits;
using console::http::Server;
using testing::HasSubstr;
using testing::StartsWith;

class Answers final : public console::http::Site {
public:
    std::uint64_t body_limit(const console::http::Request& head) override {
        return head.method == console::http::Method::post ? 1000 : 0;
    }
    std::optional<console::http::Response> serve(console::http::Request& request,
                                                 const console::http::Asker& asker) override {
        if (request.target.path == "/later") {
            waiting = asker;
            return std::nullopt;
        }
        console::http::Response response;
        if (request.target.path == "/stream") {
            response.then = console::http::Then::stream;
            response.topics = console::http::Topic::status;
            return response;
        }
        if (request.target.path == "/large") {
            response.body = console::http::text_of(std::string(32U << 20U, 'x'));
            return response;
        }
        response.body =
            console::http::text_of("path " + request.target.path + " body " + request.body + "\n");
        return response;
    }
    void heard(console::http::Talk&, std::string_view) override {}
    void ended(console::http::Talk&) override {}

    console::http::Asker waiting;
};

// One that reads until nothing more comes.
class Client {
public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
    }
    void send(std::string_view text) const {
        EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // Until `end` has come, or the connection is over.
    std::string read(std::string_view end) {
        while (seen_.find(end) == std::string::npos && !over_) {
            pollfd wait{fd_.get(), POLLIN, 0};
            if (::poll(&wait, 1, 10'000) <= 0) {
                ADD_FAILURE() << "nothing came; before: " << seen_.substr(0, 1000);
                break;
            }
            char part[65536];
            const ssize_t size = ::recv(fd_.get(), part, sizeof part, 0);
            over_ = size <= 0;
            seen_.append(part, over_ ? 0 : static_cast<std::size_t>(size));
        }
        const std::size_t found = seen_.find(end);
        const std::size_t taken = found == std::string::npos ? seen_.size() : found + end.size();
        std::string out = seen_.substr(0, taken);
        seen_.erase(0, taken);
        return out;
    }
    std::string rest() { return read(std::string_view("\0never", 6)); }
    std::string ask(std::string_view text) {
        send(text);
        return read("\n\n") + rest();
    }

private:
    noa::sdk::Fd fd_;
    std::string seen_;
    bool over_ = false;
};

class HttpServer : public testing::Test {
protected:
    void SetUp() override { listen(); }
    void listen() {
        listening_ = noa::sdk::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ASSERT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        ASSERT_EQ(::listen(listening_.get(), 64), 0);
        ASSERT_EQ(::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
    }
    void start(Limits limits = {}) {
        server_ = std::make_unique<Server>(site_, limits, tally_);
        for (console::http::Kept& one : kept_) {
            server_->adopt(std::move(one.fd), one.state);
        }
        ASSERT_EQ(server_->start({{listening_.get(), console::http::Entrance::main}}), "");
        server_->serve();
    }
    void stop() {
        kept_ = server_->stop(5s);
        server_.reset();
    }
    Client client() const { return Client(port_); }
    std::string answer_to(std::string_view request) const {
        Client one = client();
        one.send(request);
        return one.rest();
    }

    Answers site_;
    console::http::Tally tally_;
    noa::sdk::Fd listening_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Server> server_;
    std::vector<console::http::Kept> kept_;
};

// A literal with what ends others in it.
template <std::size_t Size>
std::string bytes(const char (&text)[Size]) {
    return {text, Size - 1};
}

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(HttpServer, answers_one_request_after_the_other_on_a_connection) {
    start();
    Client one = client();
    one.send(std::string(get) + std::string(get) +
             "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_THAT(one.read("path /a body \n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(one.read("path /a body \n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(one.read("path /b body abc\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    one.send("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
             "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    EXPECT_THAT(one.read("path /c body abc\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    one.send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string head = one.rest();
    EXPECT_THAT(head, HasSubstr("Content-Length: 14\r\n"));
    EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServer, sends_the_headers_that_keep_pages_apart_and_no_name_of_its_own) {
    start();
    const std::string answer = answer_to("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (const char* header :
         {"Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff",
          "X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
          "Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Resource-Policy: same-origin"}) {
        EXPECT_THAT(answer, HasSubstr(header));
    }
    EXPECT_THAT(answer, testing::Not(HasSubstr("unsafe-inline")));
    EXPECT_THAT(answer, testing::Not(HasSubstr("Server:")));
}

TEST_F(HttpServer, refuses_requests_that_could_be_read_in_two_ways_and_closes) {
    start();
    const std::string post = "POST /a HTTP/1.1\r\nHost: x\r\n";
    for (const std::string& request : {
             post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
             post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
             post + "Content-Length: +3\r\n\r\nabc",
             post + "Content-Length: 3, 4\r\n\r\nabcd",
             post + "Content-Length: -1\r\n\r\n",
             post + "Content-Length: 99999999999999999999\r\n\r\n",
             post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
             post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
             std::string("GET /a HTTP/1.1\nHost: x\r\n\r\n"),
             std::string("GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
             std::string("GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nHost: y\r\n\r\n"),
             std::string("GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
             std::string("GET /a HTTP/1.1\r\n\r\n"),
             bytes("GET /a HTTP/1.1\r\nHost: x\r\n X: folded\0\r\n\r\n"),
             std::string("GET /a\r\n\r\n"),
             std::string("GET /a HTTP/9.9\r\nHost: x\r\n\r\n"),
             std::string("GET  /a HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("GET /%2e%2e/b HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("\r\n\r\n\r\n"),
             bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"),
         }) {
        const std::string answer = answer_to(request + std::string(get));
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << request;
        EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << request << "\n" << answer;
    }
}

TEST_F(HttpServer, bounds_heads_and_bodies) {
    start();
    EXPECT_THAT(answer_to("GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'y')),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(answer_to("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(
        answer_to("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                  std::string(1001, 'y')),
        StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer_to("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServer, closes_connections_that_take_too_long) {
    Limits limits;
    limits.head_time = limits.idle_time = limits.body_time = 50ms;
    limits.answer_time = 50ms;
    start(limits);
    EXPECT_EQ(answer_to("GET /a HTTP/1.1\r\nHo"), "");
    EXPECT_EQ(answer_to(""), "");
    EXPECT_EQ(answer_to("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na"), "");
    EXPECT_THAT(answer_to("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 504 "));
    EXPECT_EQ(tally_.timed_out.value(), 3U);
}

TEST_F(HttpServer, cuts_off_a_client_that_does_not_read) {
    Limits limits;
    limits.write_time = 50ms;
    limits.write_rate = 1U << 30U;
    start(limits);
    const Client lazy = client();
    lazy.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    const Client deaf = client();
    deaf.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    Client other = client();
    const std::string event(100'000, 'z');
    while (tally_.cut_off.value() == 0 || tally_.timed_out.value() == 0) {
        server_->post([&] {
            server_->hub().publish(console::http::Topic::status, "", event,
                                   console::http::Keep::no);
        });
        other.send(get); // meanwhile others are served
        EXPECT_THAT(other.read("path /a body \n"), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(HttpServer, makes_room_for_a_newcomer_by_closing_the_one_idle_for_longest) {
    Limits limits;
    limits.connections = 16;
    start(limits);
    std::vector<Client> idle;
    for (int count = 0; count < 16; ++count) {
        idle.push_back(client());
        idle.back().send(get);
        EXPECT_THAT(idle.back().read("body \n"), StartsWith("HTTP/1.1 200"));
    }
    Client late = client();
    late.send(get);
    EXPECT_THAT(late.read("body \n"), StartsWith("HTTP/1.1 200"));
    EXPECT_GE(tally_.shed.value(), 1U);
}

TEST_F(HttpServer, hands_connections_and_streams_on_to_the_next) {
    start();
    Client idle = client();
    idle.send(get);
    EXPECT_THAT(idle.read("body \n"), StartsWith("HTTP/1.1 200"));
    Client half = client();
    half.send("GET /half HTTP/1.1\r\nHo");
    Client stream = client();
    stream.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(stream.read("retry: 1000\n\n"), HasSubstr("text/event-stream"));
    Client waiting = client();
    waiting.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (tally_.requests.value() < 3 || tally_.accepted.value() < 4) {}
    stop();
    EXPECT_THAT(waiting.rest(), StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(kept_.size(), 3U);
    Client late = client(); // waits in the backlog
    late.send(get);
    start();
    half.send("st: x\r\n\r\n");
    EXPECT_THAT(half.read("path /half body \n"), StartsWith("HTTP/1.1 200"));
    idle.send(get);
    EXPECT_THAT(idle.read("path /a body \n"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(late.read("path /a body \n"), StartsWith("HTTP/1.1 200"));
    server_->post([&] {
        server_->hub().publish(console::http::Topic::status, "news", "1", console::http::Keep::no);
    });
    EXPECT_THAT(stream.read("data: 1\n\n"), HasSubstr("event: news\n"));
}

TEST_F(HttpServer, tells_a_stream_that_comes_back_what_it_has_missed) {
    start();
    const auto publish = [&](const char* data) {
        server_->post([this, data] {
            server_->hub().publish(console::http::Topic::status, "", data,
                                   console::http::Keep::yes);
        });
    };
    Client first = client();
    first.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(first.read("retry: 1000\n\n"), HasSubstr("200"));
    publish("one");
    const std::string event = first.read("data: one\n\n");
    const std::string id =
        event.substr(event.find("id: ") + 4, event.find('\n') - event.find("id: ") - 4);
    publish("two");
    first.read("data: two\n\n");
    Client again = client();
    again.send("GET /stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: " + id + "\r\n\r\n");
    EXPECT_THAT(again.read("data: two\n\n"), testing::Not(HasSubstr("data: one")));
    Client stranger = client();
    stranger.send("GET /stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 7-7\r\n\r\n");
    stranger.read("retry: 1000\n\n");
    publish("three");
    EXPECT_THAT(stranger.read("data: three\n\n"), testing::Not(HasSubstr("data: two")));
}

TEST_F(HttpServer, stops_with_requests_and_streams_under_way) {
    start();
    Client waiting = client();
    waiting.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (tally_.requests.value() == 0) {}
    stop();
    EXPECT_THAT(waiting.rest(), HasSubstr("Retry-After: 1\r\n"));
    site_.waiting.answer({}); // too late, and no harm
}

} // namespace
