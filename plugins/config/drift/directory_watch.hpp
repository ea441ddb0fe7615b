// inotify on directories: files are replaced there, so they are not watched themselves.
#pragma once

#include <map>
#include <set>
#include <string>

#include "noa/sdk.hpp"
#include "noa/sdk/sockets.hpp"

namespace config {

// [lane]
class DirectoryWatch {
public:
    static noa::Result<DirectoryWatch> open();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    // Exactly these from now on. One that cannot be watched is left out: a look every now and then
    // finds what changed there.
    void follow(const std::set<std::string>& directories);
    // Paths of files that were written, put there or taken away since; `all` when some were missed.
    struct Seen {
        std::set<std::string> files;
        bool all = false;
    };
    [[nodiscard]] Seen take();

private:
    explicit DirectoryWatch(noa::Fd fd) : fd_(std::move(fd)) {}

    noa::Fd fd_;
    std::map<int, std::string> directories_; // by watch descriptor
};

} // namespace config
