// Where somebody listens: "tcp:127.0.0.1:6379", "tcp:[::1]:0" or "unix:/run/noa/cache.sock".
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace noa {

class ListenAddress {
public:
    static constexpr std::size_t max_path = 107; // bytes; what sockaddr_un has room for

    // Numeric hosts only: nothing is looked up. A path is absolute, and is text: valid UTF-8
    // without control characters.
    [[nodiscard]] static Result<ListenAddress> parse(std::string_view text);

    // The canonical form: two spellings of one address have the same. A path is taken as it is.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; } // empty for tcp
    [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
    [[nodiscard]] const sockaddr* address() const noexcept {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t size() const noexcept { return size_; }

private:
    ListenAddress() = default;
    [[nodiscard]] bool set_tcp(std::string_view host, std::uint16_t port);
    [[nodiscard]] bool set_unix(std::string_view path);

    sockaddr_storage storage_{};
    socklen_t size_ = 0;
    std::string text_;
    std::string path_;
};

} // namespace noa
