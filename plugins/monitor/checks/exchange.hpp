// One connection for one question: a name looked up, connected, asked, answered, all in one time.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <string>

#include "http.hpp"
#include "noa/sdk/sockets.hpp"
#include "terms.hpp"
#include "tls.hpp"

namespace monitor {

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

// What an exchange needs of its surroundings.
class ExchangePort {
public:
    using Resolved = noa::sdk::Function<void(noa::Result<Address>)>;

    // 0 when there is no timer to be had.
    virtual noa::sdk::TimerId later(noa::Duration delay, noa::sdk::Function<void()> run) = 0;
    virtual void forget(noa::sdk::TimerId timer) = 0;
    // The first address of a name; off the lane.
    virtual void resolve(const Endpoint& endpoint, noa::Duration timeout, Resolved then) = 0;

protected:
    ~ExchangePort() = default;
};

struct Exchanged {
    enum class End { failed, broken, connected, answered };
    End end = End::failed;
    std::string text;         // why it failed
    std::uint32_t status = 0; // of the answer
    bool has_body = false;    // the text that was wanted is in it
};

// [lane] every function. Outlives what it asked of its port.
class Exchange {
public:
    using Done = noa::sdk::Function<void(Exchanged)>;

    Exchange(ExchangePort& port, noa::Sockets& sockets) : port_(&port), sockets_(&sockets) {}

    // `request` empty: it ends when it is connected, and TLS is no part of it. `wanted`: a text in
    // the body of the answer. `done` is called once, unless it is cancelled before; what was under
    // way is cancelled.
    void begin(const Endpoint& endpoint, std::string request, std::string wanted,
               noa::Duration timeout, Done done);
    void cancel();

private:
    void connect(const Address& address);
    void watch(noa::Ready events);
    void ready();
    void connected();
    void send();
    void receive();
    [[nodiscard]] bool take(std::string_view bytes, std::string& ret_said);
    void fail(std::string text);
    void end(Exchanged outcome);

    ExchangePort* port_;
    noa::Sockets* sockets_;
    std::uint64_t number_ = 0; // grows with each; what ends late is not of this one
    noa::sdk::TimerId deadline_ = 0;
    noa::Fd connection_;
    bool connected_ = false;
    std::string unsent_;
    std::unique_ptr<TlsSession> tls_;    // null: in the clear
    std::unique_ptr<HttpAnswer> answer_; // null: nothing is asked
    Done done_;
};

} // namespace monitor
