// One TLS session of a client, in memory: bytes come in, bytes go out, who carries them is no
// matter of it. The server's certificate is verified, its name or address too; TLS 1.2 at least.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "terms.hpp"

namespace monitor {

// One thread at a time.
class TlsSession {
public:
    // Trusts the file `endpoint.ca`, or the system's certificates. `request` is said as soon as the
    // server is known.
    // Errors  NOA_E_FAILED: the file cannot be read, or has no certificate.
    [[nodiscard]] static noa::Result<std::unique_ptr<TlsSession>> open(const Endpoint& endpoint,
                                                                       std::string request);

    // What came from the server; empty to begin. What it says is appended to `ret_said`.
    // Errors  NOA_E_FAILED: the session is over, with the reason.
    [[nodiscard]] noa::Status take(std::string_view bytes, std::string& ret_said);
    // What is to be sent now.
    [[nodiscard]] std::string to_send();

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* session) const { SSL_free(session); }
    };
    explicit TlsSession(std::string request) : request_(std::move(request)) {}
    [[nodiscard]] noa::Status shake_hands();
    [[nodiscard]] noa::Status fault() const;

    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> session_;
    BIO* in_ = nullptr; // the session's, as the next
    BIO* out_ = nullptr;
    std::string request_;
    bool known_ = false; // the server is
};

} // namespace monitor
