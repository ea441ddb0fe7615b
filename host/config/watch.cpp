#include "config/watch.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace noa::config {

using std::filesystem::path;

namespace {

constexpr auto watch_attempt = "watch directory";
constexpr std::uint32_t self_events = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t file_events =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE;
constexpr std::uint32_t parent_events = IN_CREATE | IN_MOVED_TO;
constexpr int max_reads = 256; // in one drain: a flood must not hold its caller

bool is_relevant(std::string_view name) {
    return !name.starts_with('.') && (name.ends_with(".toml") || name.ends_with(".so"));
}

// A link is complete when it appears; a new file is not, and says IN_CLOSE_WRITE when it is.
bool is_unfinished(const path& file, std::uint32_t mask) {
    struct stat info {};
    return (mask & IN_CREATE) != 0 && ::lstat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           info.st_size == 0;
}

void add(Hints& hints, const path& directory) {
    auto& all = hints.directories;
    if (std::find(all.begin(), all.end(), directory) == all.end()) {
        all.push_back(directory);
    }
}

} // namespace

Result<Watch> Watch::open(const std::vector<path>& directories) {
    UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) {
        return fail_errno("watch directories", "inotify", errno,
                          "raise fs.inotify.max_user_instances");
    }
    Watch watch(std::move(fd));
    for (const auto& directory : directories) {
        std::error_code error;
        auto absolute = std::filesystem::absolute(directory, error).lexically_normal();
        if (error) {
            return fail_errno(watch_attempt, directory.string(), error.value());
        }
        if (!absolute.has_filename() && absolute.has_relative_path()) {
            absolute = absolute.parent_path(); // "/etc/noa/" is "/etc/noa"
        }
        const bool known =
            std::any_of(watch.targets_.begin(), watch.targets_.end(),
                        [&absolute](const Target& one) { return one.directory == absolute; });
        if (!known) {
            watch.targets_.push_back({std::move(absolute), -1, {}});
        }
    }
    Hints ignored;
    if (auto placed = watch.place_all(ignored); !placed) {
        return tl::unexpected(placed.error());
    }
    return watch;
}

// The same directory gives the same watch descriptor, so targets may share one: masks add up.
Result<void> Watch::place(Target& target) {
    bool denied = false;
    for (auto at = target.directory;;) {
        const auto wanted = at == target.directory ? file_events : parent_events;
        const int watch = ::inotify_add_watch(fd_.get(), at.c_str(),
                                              wanted | self_events | IN_ONLYDIR | IN_MASK_ADD);
        if (watch >= 0) {
            target.watch = watch;
            target.watched = at;
            // It may have appeared before its parent was watched.
            std::error_code error;
            if (target.in_place() || denied ||
                !std::filesystem::is_directory(at / target.next(), error)) {
                return {};
            }
            at = target.directory;
            continue;
        }
        denied = denied || errno == EACCES;
        const bool absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
        if (!absent || at == at.parent_path()) {
            return fail_errno(watch_attempt, at.string(), errno,
                              errno == ENOSPC ? "raise fs.inotify.max_user_watches" : "");
        }
        at = at.parent_path();
    }
}

Result<void> Watch::place_all(Hints& hints) {
    misplaced_ = false;
    std::vector<int> before;
    for (auto& target : targets_) {
        before.push_back(target.watch);
        const bool was_in_place = target.in_place();
        const int old = target.watch;
        if (auto placed = place(target); !placed) {
            return placed;
        }
        if (target.in_place() != was_in_place || (was_in_place && old != target.watch)) {
            add(hints, target.directory);
        }
    }
    for (const int watch : before) {
        const bool used = std::any_of(targets_.begin(), targets_.end(),
                                      [watch](const Target& one) { return one.watch == watch; });
        if (watch >= 0 && !used) {
            ::inotify_rm_watch(fd_.get(), watch); // may be gone already
        }
    }
    return {};
}

void Watch::take_event(int watch, std::uint32_t mask, std::string_view name, Hints& hints) {
    if ((mask & IN_Q_OVERFLOW) != 0) {
        hints.everything = true;
        misplaced_ = true;
        return;
    }
    const bool self = (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0;
    for (const auto& target : targets_) {
        if (target.watch != watch) {
            continue;
        }
        if (self) {
            misplaced_ = true;
        } else if (!target.in_place()) {
            misplaced_ = misplaced_ || target.next() == name;
        } else if ((mask & IN_ISDIR) == 0 && is_relevant(name) &&
                   !is_unfinished(target.directory / name, mask)) {
            add(hints, target.directory);
        }
    }
}

Result<Hints> Watch::drain() {
    Hints hints;
    alignas(inotify_event) std::array<char, 8192> buffer{};
    for (int reads = 0; reads < max_reads; ++reads) {
        const auto got = ::read(fd_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno != EAGAIN) {
            return fail_errno("read watched directories", "inotify", errno);
        }
        if (got <= 0) {
            break;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            take_event(event.wd, event.mask, {name, ::strnlen(name, event.len)}, hints);
            at += sizeof event + event.len;
        }
    }
    if (misplaced_) {
        if (auto placed = place_all(hints); !placed) {
            return tl::unexpected(placed.error());
        }
    }
    std::sort(hints.directories.begin(), hints.directories.end());
    return hints;
}

} // namespace noa::config
