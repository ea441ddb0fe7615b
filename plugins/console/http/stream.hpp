// A client that listens to events, in the form of server-sent events.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>

#include "ground.hpp"

namespace console::http {

class Stream final : public std::enable_shared_from_this<Stream> {
public:
    using Gone = std::function<void(Stream&)>;

    Stream(Ground& ground, Socket socket, unsigned topics, Gone gone)
        : ground_(ground), socket_(std::move(socket)), topics_(topics), gone_(std::move(gone)) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void begin();
    [[nodiscard]] bool wants(Topic topic) const noexcept { return (topics_ & topic) != 0; }
    // Written by the next pump. One that does not keep up is cut off: it comes back, and says what
    // it had last.
    void send(Text text);
    void pump();
    // A heartbeat, when nothing was sent for a while; its end, when nothing is taken.
    void look(const Text& heartbeat);
    // Goes into keeping once what is under way is written.
    void leave();
    void close();

private:
    using Code = boost::system::error_code;

    void watch();
    void hand_over();
    void finish();

    static constexpr std::size_t at_once = 16;

    Ground& ground_;
    Socket socket_;
    const unsigned topics_;
    Gone gone_;
    bool over_ = false;
    bool watching_ = false;
    std::deque<Text> queue_;
    std::size_t queued_ = 0;                // bytes
    std::size_t writing_ = 0;               // of the queue's front
    Clock::time_point since_ = ground_.now; // of the last write that began
    std::array<char, 16> heard_{};
};

} // namespace console::http
