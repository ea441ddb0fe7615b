// One connection to a Redis server, by hiredis, driven by whoever polls for it.  One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "address.hpp"

struct redisAsyncContext;
struct redisReply;

namespace cache::tier {

struct Reply {
    enum class Kind : std::uint8_t {
        nil,
        text,
        number,
        list,
        error, // of the server; in `text`
        lost,  // no answer came, and none will
    };
    Kind kind = Kind::lost;
    std::string text = {};
    std::int64_t number = 0;
    std::vector<Reply> items = {};

    [[nodiscard]] bool is(Kind wanted) const noexcept { return kind == wanted; }
    // Of a list that has it; `lost` otherwise.
    [[nodiscard]] const Reply& item(std::size_t at) const noexcept;
};

class Connection {
public:
    // Connects in the background; NOA_E_FAILED: not even that.
    static noa::Result<std::unique_ptr<Connection>> open(const Address& address);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    // Everything without an answer is told that there is none.
    ~Connection();

    using Done = std::function<void(Reply)>;
    // Calls `done` once, from `ready` or when the connection ends, even from here.
    void send(const std::vector<std::string>& arguments, Done done);
    // From then on nothing else may be sent; `message` is told of each.
    void subscribe(const std::string& channel, std::function<void(std::string)> message);

    [[nodiscard]] bool alive() const noexcept { return context_ != nullptr; }
    // Why it is not alive.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    // What to poll for.
    [[nodiscard]] int fd() const noexcept;
    [[nodiscard]] short events() const noexcept { return events_; }
    void ready(short events);

private:
    Connection() = default;
    void attach(redisAsyncContext* context);
    static Reply reply_of(const redisReply* raw);
    static void answered(redisAsyncContext* context, void* reply, void* done);
    static void published(redisAsyncContext* context, void* reply, void* connection);

    redisAsyncContext* context_ = nullptr; // null: it has ended
    short events_ = 0;
    std::string fault_;
    std::function<void(std::string)> message_;
};

} // namespace cache::tier
