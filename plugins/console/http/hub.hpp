// Those that are told as things happen: streams of events, and WebSockets.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "ground.hpp"
#include "stream.hpp"
#include "talk.hpp"

namespace console::http {

using Upgrade = boost::beast::http::request<boost::beast::http::string_body>;

enum class Keep : std::uint8_t {
    no,
    yes,  // for those that come back
    last, // the last one is what a stream begins with
};

// Every function on the server's thread.
class Hub {
public:
    explicit Hub(Ground& ground);

    // To every stream that wants `topic`. `name` of the event; empty: a message without a name.
    void publish(Topic topic, std::string_view name, std::string_view data, Keep keep);

    // `last_id`: of the last event that this client has; "" or another server's: none.
    void join(Socket socket, unsigned topics, std::string_view last_id);
    void talk(Socket socket, Upgrade request);
    // One that a former generation has kept.
    void adopt(Socket socket, unsigned topics);

    void look();
    void leave();
    void close();
    [[nodiscard]] bool empty() const noexcept { return streams_.empty() && talks_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return streams_.size() + talks_.size(); }

private:
    struct Event {
        std::uint64_t number;
        Topic topic;
        Text text;
    };
    std::shared_ptr<Stream> add(Socket socket, unsigned topics);
    [[nodiscard]] std::uint64_t number_of(std::string_view id) const noexcept;
    void count();
    // Some at a time, so that requests are not held up by a thousand streams.
    void pump_some();

    static constexpr std::size_t most_kept = 512; // for those that come back
    static constexpr std::size_t pumped_at_once = 16;

    Ground& ground_;
    const std::string epoch_; // what tells its ids from those of another server
    std::uint64_t number_ = 0;
    std::deque<Event> events_;
    Text last_;
    Text heartbeat_ = text_of(": \n\n");
    std::unordered_map<Stream*, std::shared_ptr<Stream>> streams_;
    std::vector<std::shared_ptr<Stream>> due_; // that have something to be written
    std::unordered_map<Talk*, std::shared_ptr<Talk>> talks_;
};

} // namespace console::http
