// A WebSocket: messages of text, both ways.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>

#include "ground.hpp"

namespace console::http {

class Talk final : public std::enable_shared_from_this<Talk> {
public:
    using Gone = std::function<void(Talk&)>;
    using Upgrade = boost::beast::http::request<boost::beast::http::string_body>;

    Talk(Ground& ground, Socket socket, Gone gone)
        : ground_(ground), stream_(std::move(socket)), gone_(std::move(gone)) {}
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

    void begin(Upgrade request);
    // One that does not keep up is cut off.
    void send(Text text);
    void look();
    // With "service restart": the client may come back.
    void leave();
    void close();

private:
    using Code = boost::system::error_code;

    void read();
    void pump();

    static constexpr std::size_t longest_message = 1U << 20U;

    Ground& ground_;
    boost::beast::websocket::stream<Socket> stream_;
    Gone gone_;
    Upgrade upgrade_;
    boost::beast::flat_buffer buffer_;
    std::deque<Text> queue_;
    std::size_t queued_ = 0; // bytes
    bool open_ = false;
    bool writing_ = false;
    bool closing_ = false;
    bool over_ = false;
    Clock::time_point since_ = ground_.now; // of the last write that began
};

} // namespace console::http
