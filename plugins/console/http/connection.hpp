// One connection: requests one after the other, each answered before the next is looked at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "ground.hpp"

namespace console::http {

class Connection final : public std::enable_shared_from_this<Connection> {
public:
    Connection(Ground& ground, Socket socket, Entrance entrance)
        : ground_(ground), socket_(std::move(socket)), entrance_(entrance) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // `before`: what a former generation has read of it.
    void begin(std::string_view before = {});
    void answer(std::uint64_t request, Response response);

    // Looked at now and then: closes it when it takes too long.
    void look();
    [[nodiscard]] bool idle() const noexcept { return phase_ == Phase::idle; }
    [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }
    // This generation ends: goes into keeping as soon as no request is under way.
    void leave();
    void close();

private:
    enum class Phase : std::uint8_t { idle, head, body, serving, writing, lingering, over };
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using Code = boost::system::error_code;

    void enter(Phase phase, std::chrono::milliseconds time);
    void wait_for_request();
    void read();
    void on_read(Code error, std::size_t size);
    // Goes on with what is in the buffer.
    void advance();
    void advance_head();
    void advance_body();
    [[nodiscard]] std::optional<Response> take_head();
    [[nodiscard]] std::optional<Response> expect_body();
    void serve();
    void respond(Response response);
    void refuse(Response response);
    void on_written(Code error);
    void become(Then then);
    void linger();
    void hand_over();
    // Leaves the ground as soon as nothing is called on it any more.
    void finish();

    Ground& ground_;
    Socket socket_;
    const Entrance entrance_;
    Phase phase_ = Phase::idle;
    bool keep_alive_ = true;
    bool reading_ = false;
    Clock::time_point deadline_{};
    std::uint64_t request_number_ = 0;
    std::size_t lingered_ = 0;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    Request request_;
    Response response_;
    std::string head_;
};

} // namespace console::http
