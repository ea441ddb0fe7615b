// A listening socket; the file of a unix one is there as long as it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/listen_address.hpp"
#include "base/unique_fd.hpp"

namespace noa {

struct ListenOptions {
    std::uint32_t backlog = 128; // connections that may wait; the kernel bounds it
    mode_t mode = 0660;          // of a unix socket's file
};

class ListenSocket {
public:
    // Non-blocking and close-on-exec. A socket file that nobody answers on is replaced; anything
    // else in its place is an error, and stays.
    [[nodiscard]] static Result<ListenSocket> open(const ListenAddress& address,
                                                   const ListenOptions& options);
    ListenSocket(ListenSocket&& other) noexcept;
    ListenSocket& operator=(ListenSocket&& other) noexcept;
    ListenSocket(const ListenSocket&) = delete;
    ListenSocket& operator=(const ListenSocket&) = delete;
    // Closes it. The file goes with it unless somebody has put another in its place.
    ~ListenSocket();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    // Of tcp, as bound; 0 for unix.
    [[nodiscard]] std::uint16_t port() const noexcept;
    // Ends listening without closing the descriptor, for ever: somebody may be using its number.
    void abandon() noexcept;

private:
    explicit ListenSocket(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    [[nodiscard]] Result<void> claim_file(const std::string& path, mode_t mode);
    void remove_file() noexcept;

    UniqueFd fd_;
    std::string path_; // of the file that is ours; empty: none
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

} // namespace noa
