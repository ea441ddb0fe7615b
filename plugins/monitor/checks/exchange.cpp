#include "exchange.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace monitor {

namespace {

std::string error_text(int error) {
    return std::generic_category().message(error);
}

} // namespace

void Exchange::begin(const Endpoint& endpoint, std::string request, std::string wanted,
                     noa::Duration timeout, Done done) {
    cancel();
    done_ = std::move(done);
    answer_ = request.empty() ? nullptr : std::make_unique<HttpAnswer>(std::move(wanted));
    if (answer_ && endpoint.tls) {
        auto session = TlsSession::open(endpoint, std::move(request));
        if (!session) {
            fail(session.error().text);
            return;
        }
        tls_ = *std::move(session);
    } else {
        unsent_ = std::move(request);
    }
    deadline_ = port_->later(timeout, [this, timeout] {
        deadline_ = 0;
        fail("no answer within " + noa::sdk::to_text(timeout));
    });
    port_->resolve(endpoint, timeout, [this, number = number_](noa::Result<Address> address) {
        if (number_ != number) {
            return;
        }
        if (address) {
            connect(*address);
        } else {
            fail(address.error().text);
        }
    });
}

void Exchange::cancel() {
    ++number_;
    if (const auto timer = std::exchange(deadline_, 0); timer != 0) {
        port_->forget(timer);
    }
    if (connection_) {
        sockets_->unwatch(connection_.get());
        connection_.reset();
    }
    connected_ = false;
    unsent_.clear();
    answer_.reset();
    tls_.reset();
    done_ = {};
}

void Exchange::connect(const Address& address) {
    connection_ =
        noa::Fd(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): so is the interface
    const auto* to = reinterpret_cast<const sockaddr*>(&address.bytes);
    if (!connection_ ||
        (::connect(connection_.get(), to, address.size) != 0 && errno != EINPROGRESS)) {
        fail("cannot connect: " + error_text(errno));
        return;
    }
    watch(noa::ready_write);
}

void Exchange::watch(noa::Ready events) {
    const auto watched =
        sockets_->watch(connection_.get(), events, [this, number = number_](noa::Ready /*found*/) {
            if (number_ == number) {
                ready();
            }
        });
    if (!watched) {
        fail(watched.error().text);
    }
}

void Exchange::ready() {
    if (!connected_) {
        connected();
    } else if (unsent_.empty()) {
        receive();
    } else {
        send();
    }
}

void Exchange::connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(connection_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        fail("cannot connect: " + error_text(error));
    } else if (!answer_) {
        end({Exchanged::End::connected, {}, 0, false});
    } else {
        connected_ = true;
        std::string nothing;
        if (take({}, nothing)) {
            send();
        }
    }
}

void Exchange::send() {
    const ssize_t size =
        ::send(connection_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
        fail("cannot ask: " + error_text(errno));
        return;
    }
    unsent_.erase(0, size > 0 ? static_cast<std::size_t>(size) : 0);
    watch(unsent_.empty() ? noa::ready_read : noa::ready_write);
}

// False when it has failed.
bool Exchange::take(std::string_view bytes, std::string& ret_said) {
    if (!tls_) {
        ret_said.append(bytes);
        return true;
    }
    const noa::Status taken = tls_->take(bytes, ret_said);
    unsent_ += tls_->to_send();
    if (!taken) {
        fail(taken.error().text);
        return false;
    }
    return true;
}

// One piece for each call: an endless answer has its turn as others have theirs.
void Exchange::receive() {
    char piece[8192];
    const ssize_t size = ::recv(connection_.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (size < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            fail("cannot read the answer: " + error_text(errno));
        }
        return;
    }
    std::string said;
    if (!take({piece, static_cast<std::size_t>(size)}, said)) {
        return;
    }
    const auto state = size == 0 ? answer_->end() : answer_->feed(said);
    if (state == HttpAnswer::State::broken) {
        end({Exchanged::End::broken, {}, 0, false});
    } else if (state == HttpAnswer::State::done) {
        end({Exchanged::End::answered, {}, answer_->status(), answer_->has_body()});
    } else if (!unsent_.empty()) {
        send(); // of the handshake
    }
}

void Exchange::fail(std::string text) {
    end({Exchanged::End::failed, std::move(text), 0, false});
}

// The next one may begin in `done`.
void Exchange::end(Exchanged outcome) {
    Done done = std::move(done_);
    cancel();
    done(std::move(outcome));
}

} // namespace monitor
