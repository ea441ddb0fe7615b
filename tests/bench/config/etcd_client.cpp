// etcd's HTTP and JSON gateway, over a connection that is kept. Keys and values are base64 there.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "config/client.hpp"

namespace noa::bench {

namespace {

std::string base64(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, text.size() - at);
        unsigned group = 0;
        for (std::size_t byte = 0; byte < 3; ++byte) {
            group = group << 8U | (byte < count ? static_cast<unsigned char>(text[at + byte]) : 0U);
        }
        for (std::size_t digit = 0; digit < 4; ++digit) {
            out += digit <= count ? digits[group >> (18 - 6 * digit) & 63U] : '=';
        }
    }
    return out;
}

class EtcdClient final : public ConfigClient {
public:
    explicit EtcdClient(const std::string& port)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        place.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
        const int one = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0) {
            throw std::runtime_error("etcd: nothing listens at " + port);
        }
    }
    EtcdClient(const EtcdClient&) = delete;
    EtcdClient& operator=(const EtcdClient&) = delete;
    ~EtcdClient() override { ::close(fd_); }

    [[nodiscard]] zmq_pollitem_t readiness() const override {
        return {nullptr, fd_, ZMQ_POLLIN, 0};
    }
    void put(const std::string& key, const std::string& json) override {
        post("kv/put", R"({"key":")" + base64(key) + R"(","value":")" + base64(json) + "\"}");
    }
    void get(const std::string& key) override {
        post("kv/range", R"({"key":")" + base64(key) + "\"}");
    }
    void watch(const std::string& key) override {
        watches_ = true;
        post("watch", R"({"create_request":{"key":")" + base64(key) + "\"}}");
    }
    unsigned take() override {
        std::array<char, 65536> some{};
        const ssize_t got = ::recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            throw std::runtime_error("etcd: it went away");
        }
        in_.append(some.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return watches_ ? take_results() : take_reply();
    }

private:
    // Of a stream: each answer is {"result": …}, how it is cut into chunks means nothing.
    unsigned take_results() {
        unsigned count = 0;
        constexpr std::string_view mark = "{\"result\":";
        for (auto at = in_.find(mark); at != std::string::npos; at = in_.find(mark)) {
            in_.erase(0, at + mark.size());
            ++count;
        }
        return count;
    }
    unsigned take_reply() {
        const auto head = in_.find("\r\n\r\n");
        if (head == std::string::npos) {
            return 0;
        }
        constexpr std::string_view length = "Content-Length: ";
        const auto found = in_.find(length);
        if (found > head || !in_.starts_with("HTTP/1.1 200")) {
            throw std::runtime_error("etcd: " + in_.substr(0, 400));
        }
        const std::size_t size =
            head + 4 + std::strtoul(in_.c_str() + found + length.size(), nullptr, 10);
        if (in_.size() < size) {
            return 0;
        }
        in_.erase(0, size);
        return 1;
    }
    void post(const std::string& what, const std::string& body) const {
        const std::string text = "POST /v3/" + what + " HTTP/1.1\r\nHost: e\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body;
        if (::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(text.size())) {
            throw std::runtime_error("etcd: cannot send");
        }
    }

    int fd_;
    std::string in_;
    bool watches_ = false;
};

} // namespace

std::unique_ptr<ConfigClient> connect_to_etcd(const std::string& address) {
    return std::make_unique<EtcdClient>(address);
}

} // namespace noa::bench
