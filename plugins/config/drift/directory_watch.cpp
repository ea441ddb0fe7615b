#include "directory_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace config {

namespace {

constexpr std::uint32_t of_interest =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;

} // namespace

noa::Result<DirectoryWatch> DirectoryWatch::open() {
    noa::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) {
        return noa::Error{NOA_E_UNAVAILABLE, std::string("watch files: ") +
                                                 ::strerrordesc_np(errno) +
                                                 "; look at fs.inotify.max_user_instances"};
    }
    return DirectoryWatch(std::move(fd));
}

void DirectoryWatch::follow(const std::set<std::string>& directories) {
    std::map<int, std::string> now;
    for (const std::string& one : directories) {
        if (const int wd = ::inotify_add_watch(fd_.get(), one.c_str(), of_interest); wd >= 0) {
            now[wd] = one;
        }
    }
    for (const auto& [wd, directory] : directories_) {
        if (!now.contains(wd)) {
            ::inotify_rm_watch(fd_.get(), wd);
        }
    }
    directories_ = std::move(now);
}

DirectoryWatch::Seen DirectoryWatch::take() {
    Seen seen;
    alignas(inotify_event) std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t size = ::read(fd_.get(), buffer.data(), buffer.size());
        if (size <= 0) {
            return seen;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const auto found = directories_.find(event.wd);
            if (found == directories_.end() || (event.mask & IN_Q_OVERFLOW) != 0) {
                seen.all = seen.all || (event.mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0;
            } else if (event.len > 0) {
                seen.files.insert(found->second + "/" + (buffer.data() + at + sizeof event));
            }
            at += sizeof event + event.len;
        }
    }
}

} // namespace config
