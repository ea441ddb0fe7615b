#include "peers/connection.hpp"

#ifdef HAVE_HIREDIS
#include <hiredis/hiredis.h>
#include <poll.h>
#endif

namespace noa::bench {

namespace {

Result<Child> start(const Context& context, std::vector<std::string> listen) {
    auto program = find_program("redis-server");
    if (!program) {
        return tl::unexpected(program.error());
    }
    Command command;
    command.argv = {program->string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                    "--dir", context.scratch.string(),
                    // A subscriber that lags for a moment must not be thrown out.
                    "--client-output-buffer-limit", "pubsub 0 0 0"};
    command.argv.insert(command.argv.end(), listen.begin(), listen.end());
    command.output = context.scratch / "redis-server.log";
    return Child::spawn(command);
}

} // namespace

Result<Broker> start_redis_unix(const Context& context) {
    const auto socket = context.scratch / "redis.sock";
    auto server = start(context, {"--port", "0", "--unixsocket", socket.string()});
    if (!server) {
        return tl::unexpected(server.error());
    }
    if (auto listening = wait_unix(*server, socket); !listening) {
        return tl::unexpected(listening.error());
    }
    return Broker{std::move(*server), socket.string()};
}

Result<Broker> start_redis_tcp(const Context& context) {
    auto port = free_port();
    if (!port) {
        return tl::unexpected(port.error());
    }
    auto server = start(context, {"--port", std::to_string(*port)});
    if (!server) {
        return tl::unexpected(server.error());
    }
    if (auto listening = wait_tcp(*server, *port); !listening) {
        return tl::unexpected(listening.error());
    }
    return Broker{std::move(*server), std::to_string(*port)};
}

#ifdef HAVE_HIREDIS

namespace {

struct FreeRedis {
    void operator()(redisContext* context) const noexcept { ::redisFree(context); }
};
using RedisContext = std::unique_ptr<redisContext, FreeRedis>;

Failure redis_failure(const char* attempt, const redisContext* context) {
    return fail(Errc::system, attempt, "redis-server",
                context != nullptr ? context->errstr : "no memory");
}

// A subscribed connection can only receive: publishing has one of its own.
class RedisConnection : public Connection {
public:
    Result<void> open(const std::string& address) {
        for (auto* side : {&publisher_, &subscriber_}) {
            const bool is_path = address.starts_with('/');
            side->reset(is_path ? ::redisConnectUnix(address.c_str())
                                : ::redisConnect("127.0.0.1", std::stoi(address)));
            if (!*side || (*side)->err != 0) {
                return redis_failure("connect", side->get());
            }
            ::redisSetTimeout(side->get(), timeval{10, 0});
        }
        return {};
    }

    Result<void> subscribe(const std::string& topic) override {
        auto* reply = ::redisCommand(subscriber_.get(), "SUBSCRIBE %s", topic.c_str());
        if (reply == nullptr) {
            return redis_failure("subscribe", subscriber_.get());
        }
        ::freeReplyObject(reply);
        return {};
    }

    Result<void> publish(const std::string& topic, unsigned count) override {
        for (unsigned i = 0; i < count; ++i) {
            (void)::redisAppendCommand(publisher_.get(), "PUBLISH %s %b", topic.c_str(),
                                       body_.data(), body_.size());
        }
        // One alone is on its way when it is written; its answer is read with the next.
        for (unanswered_ += count; unanswered_ > (count == 1 ? 1U : 0U); --unanswered_) {
            void* reply = nullptr;
            if (::redisGetReply(publisher_.get(), &reply) != REDIS_OK) {
                return redis_failure("publish", publisher_.get());
            }
            ::freeReplyObject(reply);
        }
        int written = 0;
        while (written == 0) {
            if (::redisBufferWrite(publisher_.get(), &written) != REDIS_OK) {
                return redis_failure("publish", publisher_.get());
            }
        }
        return {};
    }

    Result<unsigned> receive(std::chrono::milliseconds timeout) override {
        void* reply = nullptr;
        if (::redisGetReplyFromReader(subscriber_.get(), &reply) == REDIS_OK && reply != nullptr) {
            ::freeReplyObject(reply);
            return 1U;
        }
        // A read that times out ends a hiredis connection, and asking first costs a system call.
        if (timeout < std::chrono::seconds(1)) {
            pollfd item{subscriber_->fd, POLLIN, 0};
            if (::poll(&item, 1, static_cast<int>(timeout.count())) <= 0) {
                return 0U;
            }
        }
        if (::redisGetReply(subscriber_.get(), &reply) != REDIS_OK) {
            return redis_failure("receive", subscriber_.get());
        }
        ::freeReplyObject(reply);
        return 1U;
    }

private:
    RedisContext publisher_;
    RedisContext subscriber_;
    unsigned unanswered_ = 0;
    const std::string body_ = std::string(64, 'x');
};

} // namespace

Result<std::unique_ptr<Connection>> connect_redis(const std::string& address) {
    auto connection = std::make_unique<RedisConnection>();
    if (auto opened = connection->open(address); !opened) {
        return tl::unexpected(opened.error());
    }
    return std::unique_ptr<Connection>(std::move(connection));
}

#else

Result<std::unique_ptr<Connection>> connect_redis(const std::string& /*address*/) {
    return built_without("libhiredis");
}

#endif

} // namespace noa::bench
