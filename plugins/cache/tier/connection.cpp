#include "connection.hpp"

#include <hiredis/async.h>
#include <poll.h>

#include <utility>

namespace cache::tier {

namespace {

constexpr std::size_t deepest_reply = 4;

const Reply& no_reply() noexcept {
    static const Reply lost;
    return lost;
}

} // namespace

const Reply& Reply::item(std::size_t at) const noexcept {
    return kind == Kind::list && at < items.size() ? items[at] : no_reply();
}

Reply Connection::reply_of(const redisReply* raw) {
    const auto convert = [](const auto& self, const redisReply* from, std::size_t depth) -> Reply {
        if (from == nullptr || depth > deepest_reply) {
            return {};
        }
        switch (from->type) {
        case REDIS_REPLY_NIL: return {Reply::Kind::nil};
        case REDIS_REPLY_INTEGER: return {Reply::Kind::number, {}, from->integer};
        case REDIS_REPLY_STATUS:
        case REDIS_REPLY_STRING:
            return {Reply::Kind::text, std::string(from->str, static_cast<std::size_t>(from->len))};
        case REDIS_REPLY_ERROR:
            return {Reply::Kind::error,
                    std::string(from->str, static_cast<std::size_t>(from->len))};
        case REDIS_REPLY_ARRAY: {
            Reply list{Reply::Kind::list};
            for (std::size_t at = 0; at < from->elements; ++at) {
                list.items.push_back(self(self, from->element[at], depth + 1));
            }
            return list;
        }
        default: return {};
        }
    };
    return convert(convert, raw, 0);
}

noa::Result<std::unique_ptr<Connection>> Connection::open(const Address& address) {
    redisAsyncContext* context = address.local
                                     ? redisAsyncConnectUnix(address.place.c_str())
                                     : redisAsyncConnect(address.place.c_str(), address.port);
    if (context == nullptr) {
        return noa::failed("no memory to connect to the tier");
    }
    std::unique_ptr<Connection> connection(new Connection);
    if (context->err != 0) {
        noa::Error error = noa::failed(std::string("connect to the tier: ") + context->errstr);
        redisAsyncFree(context);
        return error;
    }
    connection->attach(context);
    return connection;
}

// hiredis says what it wants to be polled for, and when it is over.
void Connection::attach(redisAsyncContext* context) {
    context_ = context;
    context->data = this;
    context->ev.data = this;
    context->ev.addRead = [](void* self) { static_cast<Connection*>(self)->events_ |= POLLIN; };
    context->ev.delRead = [](void* self) { static_cast<Connection*>(self)->events_ &= ~POLLIN; };
    context->ev.addWrite = [](void* self) { static_cast<Connection*>(self)->events_ |= POLLOUT; };
    context->ev.delWrite = [](void* self) { static_cast<Connection*>(self)->events_ &= ~POLLOUT; };
    context->ev.cleanup = [](void* self) {
        auto* connection = static_cast<Connection*>(self);
        if (connection->context_ != nullptr && connection->context_->err != 0) {
            connection->fault_ = connection->context_->errstr;
        }
        connection->context_ = nullptr;
        connection->events_ = 0;
    };
    // Without it a connection that fails is not noticed.
    redisAsyncSetConnectCallback(context, [](const redisAsyncContext* of, int status) {
        if (status != REDIS_OK) {
            static_cast<Connection*>(of->data)->fault_ = of->errstr;
        }
    });
}

Connection::~Connection() {
    if (context_ != nullptr) {
        redisAsyncFree(context_);
    }
}

int Connection::fd() const noexcept {
    return context_ == nullptr ? -1 : context_->c.fd;
}

void Connection::answered(redisAsyncContext* /*context*/, void* reply, void* done) {
    const std::unique_ptr<Done> call(static_cast<Done*>(done));
    (*call)(reply_of(static_cast<const redisReply*>(reply)));
}

void Connection::send(const std::vector<std::string>& arguments, Done done) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& argument : arguments) {
        texts.push_back(argument.data());
        sizes.push_back(argument.size());
    }
    auto call = std::make_unique<Done>(std::move(done));
    if (context_ == nullptr ||
        redisAsyncCommandArgv(context_, answered, call.get(), static_cast<int>(texts.size()),
                              texts.data(), sizes.data()) != REDIS_OK) {
        (*call)({});
        return;
    }
    static_cast<void>(call.release()); // until `answered`
}

void Connection::published(redisAsyncContext* context, void* raw, void* connection) {
    auto* self = static_cast<Connection*>(connection);
    const Reply reply = reply_of(static_cast<const redisReply*>(raw));
    if (reply.item(0).text == "message" && reply.item(2).is(Reply::Kind::text)) {
        self->message_(reply.item(2).text);
    } else if (reply.is(Reply::Kind::error)) {
        self->fault_ = reply.text;
        redisAsyncFree(context); // once this returns
    }
}

void Connection::subscribe(const std::string& channel, std::function<void(std::string)> message) {
    message_ = std::move(message);
    if (context_ != nullptr) {
        redisAsyncCommand(context_, published, this, "SUBSCRIBE %b", channel.data(),
                          channel.size());
    }
}

void Connection::ready(short events) {
    if (context_ != nullptr && (events & (POLLIN | POLLERR | POLLHUP)) != 0 &&
        (events_ & POLLIN) != 0) {
        redisAsyncHandleRead(context_);
    }
    if (context_ != nullptr && (events & (POLLOUT | POLLERR | POLLHUP)) != 0 &&
        (events_ & POLLOUT) != 0) {
        redisAsyncHandleWrite(context_);
    }
}

} // namespace cache::tier
