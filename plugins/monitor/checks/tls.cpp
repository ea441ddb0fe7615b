#include "tls.hpp"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace monitor {

namespace {

std::string last_reason() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
    return text == nullptr ? "it ended in the middle" : text;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// A name is said to the server as well, which may have more than one certificate.
bool expect(SSL* session, const std::string& host) {
    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
    }
    return SSL_set1_host(session, host.c_str()) == 1 &&
           SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

} // namespace

noa::Result<std::unique_ptr<TlsSession>> TlsSession::open(const Endpoint& endpoint,
                                                          std::string request) {
    std::unique_ptr<TlsSession> made(new TlsSession(std::move(request)));
    ERR_clear_error();
    made->context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = made->context_.get();
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        return noa::failed("TLS: " + last_reason());
    }
    const bool trusts =
        endpoint.ca.empty()
            ? SSL_CTX_set_default_verify_paths(context) == 1
            : SSL_CTX_load_verify_locations(context, endpoint.ca.c_str(), nullptr) == 1;
    if (!trusts) {
        return noa::failed("TLS: cannot read certificates of " + endpoint.ca + ": " +
                           last_reason());
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    made->session_.reset(SSL_new(context));
    made->in_ = BIO_new(BIO_s_mem());
    made->out_ = BIO_new(BIO_s_mem());
    if (!made->session_ || made->in_ == nullptr || made->out_ == nullptr) {
        BIO_free(made->in_);
        BIO_free(made->out_);
        return noa::failed("TLS: no memory");
    }
    SSL_set_bio(made->session_.get(), made->in_, made->out_);
    SSL_set_connect_state(made->session_.get());
    if (!expect(made->session_.get(), endpoint.host)) {
        return noa::failed("TLS: no name that a certificate can have: " + endpoint.host);
    }
    return made;
}

noa::Status TlsSession::fault() const {
    const long verdict = SSL_get_verify_result(session_.get());
    const std::string reason = last_reason();
    return noa::failed("TLS: " +
                       (verdict == X509_V_OK ? reason : X509_verify_cert_error_string(verdict)));
}

noa::Status TlsSession::shake_hands() {
    const int done = SSL_do_handshake(session_.get());
    if (done == 1) {
        known_ = true;
        const int size = static_cast<int>(request_.size());
        return SSL_write(session_.get(), request_.data(), size) == size ? noa::Status() : fault();
    }
    return SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ ? noa::Status() : fault();
}

noa::Status TlsSession::take(std::string_view bytes, std::string& ret_said) {
    ERR_clear_error();
    if (!bytes.empty() && BIO_write(in_, bytes.data(), static_cast<int>(bytes.size())) !=
                              static_cast<int>(bytes.size())) {
        return noa::failed("TLS: no memory");
    }
    if (!known_) {
        if (noa::Status shaken = shake_hands(); !shaken) {
            return shaken;
        }
    }
    std::array<char, 8192> piece{};
    while (known_) {
        const int size = SSL_read(session_.get(), piece.data(), static_cast<int>(piece.size()));
        if (size > 0) {
            ret_said.append(piece.data(), static_cast<std::size_t>(size));
            continue;
        }
        const int why = SSL_get_error(session_.get(), size);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN ? noa::Status() : fault();
    }
    return {};
}

std::string TlsSession::to_send() {
    std::string bytes(static_cast<std::size_t>(BIO_ctrl_pending(out_)), '\0');
    const int size =
        bytes.empty() ? 0 : BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
}

} // namespace monitor
